#include "daemon/setting.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/job_choice.h"
#include "daemon/print.h"
#include "daemon/state_folder.h"
#include "process/user.h"
#include "spool/machine_id.h"

namespace cron::daemon {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

spool::UserAnswer find_user(const std::string& name) {
    return spool::answer_of(process::find_user(name));
}

// With tables as arguments: an image may have no entry for whom it runs as.
void use_arguments(const Options& options, const process::Identity& caller,
                   spool::Settings& settings) {
    settings.arguments = options.tables;
    settings.system_arguments = options.has_user_column;
    settings.forgets_caller = true;
    if (caller.uid != 0) settings.only_user = caller.uid;
    settings.find_user = [caller](const std::string& name) {
        if (name != caller.name) return find_user(name);
        return spool::UserAnswer{spool::UserAnswer::Kind::known, caller.uid};
    };
}

// The folder of --state could be used, and the job of --once is there.
Result<void> check_container(const Options& options, const std::vector<spool::Loaded>& loaded) {
    if (options.state) {
        if (auto checked = check_state_folder(*options.state); !checked) return checked;
    }
    if (!options.once) return {};
    const auto job = choose_job(spool::entries_of(loaded), *options.once);
    return job ? Result<void>{} : tl::unexpected(job.error());
}

}  // namespace

Setting make_setting(const Options& options, std::string job_program, std::string version) {
    Setting setting;
    setting.options = options;
    setting.paths = paths_of(options);
    setting.job_program = std::move(job_program);
    setting.version = std::move(version);
    setting.home_variable = variable("HOME");
    setting.is_stdout_open = ::fcntl(STDOUT_FILENO, F_GETFD) >= 0;
    if (options.inherits_path) setting.inherited_path = variable("PATH");
    setting.zones = zones::sources_here();
    setting.zones.zoneinfo_dir = setting.paths.zoneinfo;
    if (::faccessat(AT_FDCWD, setting.paths.localtime.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
        setting.paths.localtime = paths_of(Options{}).localtime;
    }
    setting.zones.localtime = setting.paths.localtime;
    return setting;
}

Result<spool::Settings> spool_settings(const Setting& setting, const calendar::Zone& zone) {
    const auto caller = process::current_user(setting.home_variable);
    if (!caller) return tl::unexpected(caller.error());
    spool::Settings settings;
    settings.has_lsb_names = setting.options.has_lsb_names;
    settings.permits_any = setting.options.permits_any_table;
    settings.trusted = caller->uid;
    settings.caller = caller->name;
    settings.machine_id = spool::read_machine_id();
    settings.zone = zone;
    settings.find_zone = [sources = setting.zones](std::string_view name) {
        return zones::find_zone(name, sources);
    };
    if (setting.options.tables.empty()) {
        settings.places = {setting.paths.crontabs, setting.paths.system_table,
                           setting.paths.system_folder};
        settings.find_user = find_user;
    } else {
        use_arguments(setting.options, *caller, settings);
    }
    if (const auto& flags = setting.options.supercronic) {
        settings.dialect = crontab::Dialect::supercronic;
        settings.overlap = flags->overlapping ? crontab::Overlap::allow : crontab::Overlap::forbid;
    }
    return settings;
}

ConfigFile config_file(const Setting& setting) {
    return {setting.paths.config, setting.options.config.has_value(), ::geteuid(),
            !setting.options.tables.empty()};
}

LogOptions log_options(const Options& options) {
    LogOptions log;
    log.format = options.log;
    log.threshold = options.log_level;
    log.pid = ::getpid();
    if (options.supercronic && options.supercronic->split_logs) log.low_fd = STDOUT_FILENO;
    return log;
}

void log_death(const Options& options, std::string_view reason) {
    if (options.log != LogFormat::syslog) return;
    Log(log_options(options)).write(died(reason), read_clock().instant);
}

int check_tables(const Setting& setting) {
    if (setting.options.supercronic) return check_crontab(setting);
    const ConfigReading config = read_config(config_file(setting));
    for (const crontab::Diagnostic& diagnostic : config.diagnostics) {
        print(STDOUT_FILENO, crontab::print(diagnostic, setting.paths.config));
    }
    const auto zone = zones::local_zone(setting.zones);
    auto settings = zone ? spool_settings(setting, *zone) : tl::unexpected(zone.error());
    if (!settings) {
        print(STDERR_FILENO, fmt::format("crond: {}\n", settings.error().message));
        return 1;
    }
    settings->flavour = config.config.value_or(Config{}).flavour;
    spool::Tables tables(*settings);
    const spool::Changes changes = tables.scan(read_clock().instant);
    bool is_good = config.config.has_value();
    std::size_t entries = 0;
    for (const spool::Notice& notice : changes.notices) {
        is_good = is_good && notice.severity != crontab::Severity::error;
        print(STDOUT_FILENO,
              fmt::format("({}) {}\n", printable(notice.who), printable(notice.message)));
    }
    for (const spool::Loaded& loaded : changes.loaded) {
        entries += loaded.table.entries.size();
        for (const crontab::Diagnostic& diagnostic : loaded.table.diagnostics) {
            is_good = is_good && diagnostic.severity != crontab::Severity::error;
            print(STDOUT_FILENO, crontab::print(diagnostic, loaded.name));
        }
    }
    print(STDOUT_FILENO, fmt::format("{} tables, {} entries\n", changes.loaded.size(), entries));
    // What a table says of itself is not said again.
    auto found = is_good ? check_argument_tables(setting.options.tables) : Result<void>{};
    if (found) found = check_container(setting.options, changes.loaded);
    if (!found) {
        print(STDERR_FILENO, fmt::format("crond: {}\n", found.error().message));
        is_good = false;
    }
    return is_good ? 0 : 1;
}

}  // namespace cron::daemon
