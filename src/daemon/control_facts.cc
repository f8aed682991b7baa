#include "daemon/control_facts.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/log_format.h"

namespace cron::daemon {
namespace {

constexpr std::string_view kIdent = "crontab";

Record about(const Asker& asker, Level level, std::string_view event, std::string classic) {
    Record record{level, event, {{"user", asker.name}}, std::move(classic), asker.pid, kIdent};
    return record;
}

std::string_view event_of(std::string_view action) {
    if (action == "LIST") return "table-listed";
    return action == "DELETE" ? "table-deleted" : "table-replaced";
}

}  // namespace

Record table_used(const Asker& asker, std::string_view action, std::string_view owner) {
    Record record =
        about(asker, Level::info, event_of(action), classic_line(asker.name, action, owner));
    record.fields.push_back({"owner", std::string(owner)});
    return record;
}

Record crontab_denied(const Asker& asker, std::string_view why) {
    Record record = about(asker, Level::warning, "crontab-denied",
                          classic_line(asker.name, "AUTH", "crontab command not allowed"));
    record.fields.push_back({"reason", std::string(why)});
    return record;
}

Record table_denied(const Asker& asker, std::string_view owner) {
    Record record =
        about(asker, Level::warning, "table-denied",
              classic_line(asker.name, "AUTH", fmt::format("crontab of {} not allowed", owner)));
    record.fields.push_back({"owner", std::string(owner)});
    return record;
}

}  // namespace cron::daemon
