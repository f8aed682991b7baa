#include "compat/messages.h"

#include <fmt/format.h>

#include "compat/go_text.h"

namespace cron::compat {

std::string end_message(const engine::Outcome& outcome, std::string_view why) {
    if (outcome.is_success()) return "job succeeded";
    constexpr std::string_view kFailed = "error running command";
    const bool is_exited = outcome.kind == engine::Outcome::Kind::exited;
    const bool is_failed_status = is_exited && outcome.status.is_known &&
                                  (outcome.status.signalled || outcome.status.value != 0);
    if (!is_failed_status) return fmt::format("{}: {}", kFailed, why);
    const std::string status = outcome.status.signalled
                                   ? "signal: " + signal_text(outcome.status.value)
                                   : fmt::format("exit status {}", outcome.status.value);
    if (outcome.reason.empty()) return fmt::format("{}: {}", kFailed, status);
    return fmt::format("{}: {} ({})", kFailed, status, outcome.reason);
}

std::string still_running(bool is_started, Instant since, const calendar::Zone& zone,
                          seconds elapsed) {
    return fmt::format("{}: job is still running since {} ({} elapsed)",
                       is_started ? "overlapping jobs" : "not starting", time_text(since, zone),
                       duration_text(elapsed));
}

std::string received(int signal, bool is_reload) {
    return fmt::format("received {}, {}", signal_text(signal),
                       is_reload ? "reloading crontab" : "shutting down");
}

}  // namespace cron::compat
