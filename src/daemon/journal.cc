#include "daemon/journal.h"

#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "daemon/log_format.h"

namespace cron::daemon {
namespace {

// field = NAME "=" value LF, or, of a value with a newline, NAME LF size value LF: the size has 64
// bits and its lowest byte first.
void add(std::string& entry, std::string_view name, std::string_view value) {
    entry += name;
    if (value.find('\n') == std::string_view::npos) {
        entry += '=';
    } else {
        entry += '\n';
        std::uint64_t size = value.size();
        for (int i = 0; i < 8; ++i, size >>= 8U) entry += static_cast<char>(size & 0xFFU);
    }
    entry += value;
    entry += '\n';
}

std::string field_name(std::string_view key) {
    std::string name = "CRON_";
    for (const char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

}  // namespace

std::string journal_entry(const Record& record, int pid, crontab::Flavour flavour) {
    std::string entry;
    add(entry, "MESSAGE", classic_text(record));
    add(entry, "PRIORITY", std::to_string(severity_of(record.level)));
    add(entry, "SYSLOG_FACILITY", std::to_string(kCronFacility));
    add(entry, "SYSLOG_IDENTIFIER", ident_of(record, flavour));
    add(entry, "SYSLOG_PID", std::to_string(record.pid != 0 ? record.pid : pid));
    add(entry, "CRON_EVENT", record.event);
    for (const Field& field : record.fields) {
        const auto* number = std::get_if<std::int64_t>(&field.value);
        add(entry, field_name(field.key),
            number != nullptr ? std::to_string(*number) : std::get<std::string>(field.value));
    }
    return entry;
}

}  // namespace cron::daemon
