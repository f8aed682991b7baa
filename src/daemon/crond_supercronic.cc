// crond called as supercronic: what it says of its crontab and of signals, and when it does not
// start.
#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <fmt/format.h>

#include "compat/metrics.h"
#include "daemon/clock.h"
#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/print.h"
#include "zones/load.h"

namespace cron::daemon {
namespace {

bool has_errors(const spool::Changes& changes) {
    return std::any_of(changes.loaded.begin(), changes.loaded.end(),
                       [](const spool::Loaded& loaded) { return loaded.table.has_errors(); }) ||
           std::any_of(changes.notices.begin(), changes.notices.end(),
                       [](const spool::Notice& notice) {
                           return notice.severity == crontab::Severity::error;
                       });
}

std::string bad_crontab(const compat::Flags& flags) {
    return fmt::format("bad crontab: {}", flags.crontab);
}

}  // namespace

std::unique_ptr<RunFormat> Crond::supercronic_words() {
    if (!setting_.options.supercronic) return nullptr;
    const char* const dsn = std::getenv("SENTRY_DSN");
    const bool is_asked = dsn != nullptr && *dsn != '\0';
    if (const auto told = sentry_refused(*setting_.options.supercronic, is_asked)) write(*told);
    auto words = std::make_unique<Supercronic>(*setting_.options.supercronic, log_);
    supercronic_ = words.get();
    return words;
}

void Crond::tell_signal(int signal) {
    if (supercronic_ == nullptr || is_stopping_) return;
    switch (signal) {
        case SIGHUP:
        case SIGURG:
        case SIGUSR2:
            write(told_to_reload(signal));
            break;
        case SIGTERM:
        case SIGINT:
        case SIGQUIT:
            write(told_to_stop(signal));
            write(waits_for_jobs());
            break;
        default:
            break;
    }
}

void Crond::tell_crontab(const TableReader::Reading& reading) {
    if (supercronic_ == nullptr) return;
    const spool::Changes& changes = reading.changes;
    const bool is_news = !changes.loaded.empty() || !changes.removed.empty();
    if (is_news || readiness_ != nullptr) {
        write(crontab_read(setting_.options.supercronic->crontab));
    }
    for (const spool::Loaded& loaded : changes.loaded) supercronic_->load(loaded.table.entries);
}

// A deployment whose crontab is bad must be seen to fail; one that runs goes on with what is good.
std::optional<Error> Crond::refusal(const spool::Changes& changes) const {
    if (supercronic_ == nullptr || !has_errors(changes)) return std::nullopt;
    return Error{ErrorCode::invalid, bad_crontab(*setting_.options.supercronic)};
}

Result<void> Crond::open_metrics() {
    if (supercronic_ == nullptr || setting_.options.supercronic->listen_address.empty()) return {};
    const auto address = compat::parse_address(setting_.options.supercronic->listen_address);
    if (!address) return tl::unexpected(address.error());
    auto server = MetricsServer::create(*address);
    if (!server) return tl::unexpected(server.error());
    metrics_ = *std::move(server);
    return watch(metrics_->fd(), &Crond::on_metrics);
}

void Crond::on_metrics() { metrics_->answer(compat::metrics_text(supercronic_->jobs())); }

int check_crontab(const Setting& setting) {
    const compat::Flags& flags = *setting.options.supercronic;
    Log log(log_options(setting.options));
    const auto say = [&](const Record& record) { log.write(record, read_clock().instant); };
    const auto zone = zones::local_zone(setting.zones);
    auto settings = zone ? spool_settings(setting, *zone) : tl::unexpected(zone.error());
    std::string problem = settings ? "" : settings.error().message;
    if (settings) {
        log.set_zone(*zone);
        say(crontab_read(flags.crontab));
        TableReader::Reading reading;
        reading.changes = spool::Tables(*settings).scan(read_clock().instant);
        for (const Record& record : TableLog().tell(reading, true, Customs{}.ways())) say(record);
        if (has_errors(reading.changes)) problem = bad_crontab(flags);
    }
    if (problem.empty()) say(crontab_valid());
    log.finish(seconds{2});
    if (problem.empty()) return EXIT_SUCCESS;
    print(STDERR_FILENO,
          fatal_line(flags, problem, read_clock().instant, zone ? *zone : calendar::Zone()));
    return EXIT_FAILURE;
}

}  // namespace cron::daemon
