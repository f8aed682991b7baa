// What crond has to say of tables, zones and its own settings.
#include <fmt/format.h>

#include "base/text.h"
#include "daemon/facts.h"
#include "daemon/log_format.h"

namespace cron::daemon {

Record table_loaded(const spool::Loaded& loaded, bool is_first, const crontab::Ways& ways) {
    const bool is_news = !is_first && !loaded.same_text;
    Record record{is_news ? Level::info : Level::debug, "table-loaded", {}, {}, 0};
    record.fields.push_back({"table", loaded.name});
    record.fields.push_back({"user", loaded.owner});
    record.fields.push_back({"entries", static_cast<std::int64_t>(loaded.table.entries.size())});
    // A user's table by its place in the spool, our working directory: as Debian's cron says it.
    const std::size_t folder = loaded.name.rfind('/', loaded.name.rfind('/') - 1);
    const bool is_system = loaded.who.starts_with("*system*");
    const bool is_short = ways.tells_short_paths && !is_system;
    record.classic = classic_line(is_system && !ways.tells_short_paths ? "*system*" : loaded.who,
                                  is_first ? "LOAD" : "RELOAD",
                                  is_short ? loaded.name.substr(folder + 1) : loaded.name);
    return record;
}

Record zone_changed(const std::string& before, const std::string& now) {
    Record record{Level::info, "zone-changed", {{"from", before}, {"to", now}}, {}, 0};
    record.classic = classic_line(
        "CRON", "INFO", fmt::format("the time zone has changed from {} to {}", before, now));
    return record;
}

Record zone_data_changed() {
    return said(Level::info, "zone-data-changed",
                "a zone of CRON_TZ has new data: the tables are read again");
}

Record zone_kept(const std::string& reason) {
    return said(Level::error, "zone-kept", "the time zone stays as it was: " + reason);
}

Record table_removed(const std::string& name) {
    Record record{Level::info, "table-removed", {{"table", name}}, {}, 0};
    record.classic = classic_line("CRON", "INFO", "table removed: " + name);
    return record;
}

Record table_notice(const spool::Notice& notice) {
    const bool is_error = notice.severity == crontab::Severity::error;
    Record record{is_error ? Level::error : Level::warning, "table-notice", {}, {}, 0};
    record.fields.push_back({"table", notice.path});
    record.fields.push_back({"message", notice.message});
    record.classic = fmt::format("({}) {}", printable(notice.who), printable(notice.message));
    return record;
}

Record config_diagnostic(const std::string& path, const crontab::Diagnostic& diagnostic) {
    const bool is_error = diagnostic.severity == crontab::Severity::error;
    Record record{is_error ? Level::error : Level::warning,
                  is_error ? "config-error" : "config-warning",
                  {},
                  {},
                  0};
    record.fields.push_back({"file", path});
    record.fields.push_back({"line", static_cast<std::int64_t>(diagnostic.line)});
    record.fields.push_back({"column", static_cast<std::int64_t>(diagnostic.begin + 1)});
    record.fields.push_back({"name", diagnostic.name});
    record.fields.push_back({"message", diagnostic.message});
    if (!diagnostic.hint.empty()) record.fields.push_back({"hint", diagnostic.hint});
    record.classic =
        classic_line("CRON", is_error ? "ERROR" : "WARNING", crontab::print_line(diagnostic, path));
    return record;
}

Record config_kept(const std::string& path) {
    return said(Level::error, "config-kept",
                "the settings stay as they were until the errors of " + path + " are mended");
}

Record table_diagnostic(const spool::Loaded& loaded, const crontab::Diagnostic& diagnostic) {
    const bool is_error = diagnostic.severity == crontab::Severity::error;
    Record record{is_error ? Level::error : Level::warning,
                  is_error ? "table-error" : "table-warning",
                  {},
                  {},
                  0};
    record.fields.push_back({"table", loaded.name});
    record.fields.push_back({"line", static_cast<std::int64_t>(diagnostic.line)});
    record.fields.push_back({"column", static_cast<std::int64_t>(diagnostic.begin + 1)});
    record.fields.push_back({"name", diagnostic.name});
    record.fields.push_back({"message", diagnostic.message});
    if (!diagnostic.hint.empty()) record.fields.push_back({"hint", diagnostic.hint});
    record.classic = classic_line(loaded.who, is_error ? "ERROR" : "WARNING",
                                  crontab::print_line(diagnostic, loaded.name));
    return record;
}

}  // namespace cron::daemon
