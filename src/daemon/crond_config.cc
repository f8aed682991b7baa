// The settings of the daemon, as they come and go.
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/pam.h"

namespace cron::daemon {

Result<ConfigReading> Crond::first_config(const Setting& setting, bool is_running) {
    ConfigReading reading = read_config(config_file(setting));
    if (!reading.config && !is_running) {
        return failure(ErrorCode::invalid, reading.error_line(setting.paths.config));
    }
    return reading;
}

void Crond::reload() {
    accounts_.drop();
    notifier_.reloading(read_clock().monotonic);
    if (supercronic_ == nullptr) write(Record{Level::info, "reload", {}, {}, 0});
    config_reader_.read();
}

// The tables are read after the settings, for these say how.
void Crond::config_read(const ConfigReading& reading) {
    tell(reading);
    if (!reading.config) {
        write(config_kept(setting_.paths.config));
    } else if (*reading.config != config_) {
        use(*reading.config);
        write(said(Level::info, "config-changed", "new settings: " + setting_.paths.config));
    }
    use_pam();  // its service may have come or gone
    tables_->reload();
    arm();
}

void Crond::tell(const ConfigReading& reading) {
    const auto& diagnostics = reading.diagnostics;
    for (std::size_t i = 0; i < diagnostics.size() && i < kDiagnosticsLogged; ++i) {
        write(config_diagnostic(setting_.paths.config, diagnostics[i]));
    }
    if (diagnostics.size() > kDiagnosticsLogged) {
        write(said(Level::warning, "config-errors-left-out",
                   fmt::format("{} has {} errors and warnings; crond --test shows them all",
                               setting_.paths.config, diagnostics.size())));
    }
}

void Crond::use(const Config& config) {
    config_ = config;
    customs_.flavour = config.flavour;
    log_.set_flavour(config.flavour);
    tables_->set_flavour(config.flavour);
    if (control_) control_->set_flavour(config.flavour);
    keeper_.set_retention(config.retention.age, config.retention.rows_per_job);
    use_pam();
    happened(engine::CapacitySet{{config.pools, config.max_running, config.max_starts_per_second}});
}

void Crond::use_pam() {
    std::optional<process::PamService> service;
    const bool changes_users = !has_own_tables() && ::geteuid() == 0;
    if (changes_users) service = find_pam_service(config_, setting_.options.root);
    if (service == runs_->pam()) return;
    write(said(Level::info, "pam",
               service ? fmt::format("jobs have sessions of PAM's service {}", service->name)
                       : "jobs have no PAM sessions"));
    runs_->use_pam(service);
    after_run_->use_pam(service);
}

}  // namespace cron::daemon
