// What crond has to say of itself.
#include <fmt/format.h>

#include "daemon/facts.h"
#include "daemon/log_format.h"

namespace cron::daemon {

Record said(Level level, std::string_view event, std::string message) {
    Record record{level,
                  event,
                  {},
                  classic_line("CRON", level == Level::error ? "ERROR" : "INFO", message),
                  0};
    record.fields.push_back({"message", std::move(message)});
    return record;
}

Record started_up(std::string_view version, bool is_foreground, const crontab::Ways& ways) {
    Record record{Level::info, "started", {{"version", std::string(version)}}, {}, 0};
    const bool is_version = is_foreground || ways.startup.empty();
    record.classic = classic_line("CRON", "STARTUP", is_version ? version : ways.startup);
    return record;
}

Record pidfile_held(int fd) {
    return said(Level::info, "pidfile-held", fmt::format("pidfile fd = {}", fd));
}

Record record_in_memory() {
    return said(Level::info, "record-in-memory",
                "no --state: the record of runs ends with this process, and a restart makes up for "
                "nothing that it missed, tries nothing again, and may start again what ran just "
                "before");
}

Record died(std::string_view reason) {
    Record record{Level::error, "died", {{"reason", std::string(reason)}}, {}, 0};
    record.classic = classic_line("CRON", "DEATH", reason);
    return record;
}

Record stopping(int signal, std::size_t running, std::optional<seconds> grace) {
    Record record{Level::info, "stopping", {}, {}, 0};
    record.fields.push_back({"signal", static_cast<std::int64_t>(signal)});
    record.fields.push_back({"running", static_cast<std::int64_t>(running)});
    if (grace) record.fields.push_back({"grace_s", grace->count()});
    return record;
}

Record shut_down() {
    return Record{Level::info, "stopped", {}, classic_line("CRON", "INFO", "Shutting down"), 0};
}

}  // namespace cron::daemon
