#include "daemon/upgrade_facts.h"

#include <fmt/format.h>

#include "daemon/log_format.h"

namespace cron::daemon {
namespace {

Record of_reason(Level level, std::string_view event, std::string_view reason,
                 const std::string& classic) {
    Record record{level, event, {{"reason", std::string(reason)}}, {}, 0};
    record.classic = classic_line("CRON", level == Level::error ? "ERROR" : "INFO", classic);
    return record;
}

}  // namespace

Record upgrade_started(std::string_view version, const std::string& program) {
    Record record{Level::info, "upgrade-started", {}, {}, 0};
    record.fields.push_back({"version", std::string(version)});
    record.fields.push_back({"program", program});
    record.classic =
        classic_line("CRON", "INFO", fmt::format("Upgrade of {} to {}", version, program));
    return record;
}

Record upgrade_refused(std::string_view reason) {
    return of_reason(Level::error, "upgrade-refused", reason,
                     fmt::format("No upgrade: {}", reason));
}

Record upgrade_waits(std::string_view reason) {
    return of_reason(Level::info, "upgrade-waits", reason,
                     fmt::format("The upgrade waits: {}", reason));
}

Record upgrade_failed(std::string_view reason) {
    return of_reason(Level::error, "upgrade-failed", reason,
                     fmt::format("The upgrade failed, crond goes on as it was: {}", reason));
}

Record upgraded(std::string_view from, std::string_view to, std::size_t runs) {
    Record record{Level::info, "upgraded", {}, {}, 0};
    record.fields.push_back({"from", std::string(from)});
    record.fields.push_back({"to", std::string(to)});
    record.fields.push_back({"runs", static_cast<std::int64_t>(runs)});
    record.classic = classic_line(
        "CRON", "INFO", fmt::format("Upgraded from {} to {}, {} runs go on", from, to, runs));
    return record;
}

Record handover_unread(std::string_view reason) {
    return of_reason(Level::warning, "handover-unread", reason,
                     fmt::format("What the crond before has handed over is not used: {}", reason));
}

}  // namespace cron::daemon
