#include "daemon/log_format.h"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/log_json.h"

namespace cron::daemon {
namespace {

constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A wall-clock reading with its offset, which is cut to whole minutes, as RFC 3339 can write no
// more.
struct Reading {
    std::chrono::year_month_day date;
    std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
    minutes offset{};
};

Reading read(const Stamp& stamp) {
    const seconds offset = stamp.zone.period_at(floor_seconds(stamp.instant)).offset;
    const minutes whole = std::chrono::floor<minutes>(offset);
    const auto local = std::chrono::floor<std::chrono::milliseconds>(stamp.instant + whole);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    return {std::chrono::year_month_day{day}, std::chrono::hh_mm_ss{local - day}, whole};
}

std::string rfc3164(const Stamp& stamp) {
    const Reading at = read(stamp);
    return fmt::format("{} {:2} {:02}:{:02}:{:02}",
                       kMonths[static_cast<unsigned>(at.date.month()) - 1],
                       static_cast<unsigned>(at.date.day()), at.time.hours().count(),
                       at.time.minutes().count(), at.time.seconds().count());
}

std::string mkprints(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20) {
            out += '^';
            out += static_cast<char>(byte + '@');
        } else if (byte < 0x7F) {
            out += c;
        } else if (byte == 0x7F) {
            out += "^?";
        } else {
            out += fmt::format("\\{:03o}", byte);
        }
    }
    return out;
}

std::string quoted_if_needed(std::string_view value) {
    std::string escaped;
    for (const char c : value) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    const std::string readable = printable(escaped);
    const bool is_plain =
        !value.empty() && readable == value && value.find_first_of(" =") == std::string_view::npos;
    return is_plain ? readable : '"' + readable + '"';
}

std::string value_text(const Field& field) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value))
        return fmt::to_string(*number);
    return quoted_if_needed(std::get<std::string>(field.value));
}

// "event key=value"
std::string event_text(const Record& record) {
    std::string out(record.event);
    for (const Field& field : record.fields) {
        fmt::format_to(std::back_inserter(out), " {}={}", field.key, value_text(field));
    }
    return out;
}

std::string_view classic_action(Level level) {
    switch (level) {
        case Level::error:
            return "ERROR";
        case Level::warning:
            return "WARNING";
        case Level::info:
            return "INFO";
        case Level::debug:
            return "DEBUG";
    }
    return "";
}

}  // namespace

std::string rfc3339(const Stamp& stamp) {
    const Reading at = read(stamp);
    const auto [sign, size] = at.offset < minutes{0} ? std::pair{'-', -at.offset.count()}
                                                     : std::pair{'+', at.offset.count()};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{:02}:{:02}",
                       static_cast<int>(at.date.year()), static_cast<unsigned>(at.date.month()),
                       static_cast<unsigned>(at.date.day()), at.time.hours().count(),
                       at.time.minutes().count(), at.time.seconds().count(),
                       at.time.subseconds().count(), sign, size / 60, size % 60);
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::info:
            return "info";
        case Level::debug:
            return "debug";
    }
    return "";
}

int severity_of(Level level) {
    switch (level) {
        case Level::error:
            return 3;
        case Level::warning:
            return 4;
        case Level::info:
            return 6;
        case Level::debug:
            return 7;
    }
    return 6;
}

std::string_view ident_of(const Record& record, crontab::Flavour flavour) {
    if (!record.ident.empty()) return record.ident;
    const crontab::Ways& ways = crontab::ways_of(flavour);
    return record.pid != 0 ? ways.job_ident : ways.ident;
}

std::string classic_text(const Record& record) {
    if (!record.classic.empty()) return record.classic;
    return classic_line("CRON", classic_action(record.level), event_text(record));
}

std::string classic_line(std::string_view user, std::string_view action, std::string_view detail) {
    return fmt::format("({}) {} ({})", mkprints(user), mkprints(action), mkprints(detail));
}

std::string syslog_line(const Record& record, const Stamp& stamp, crontab::Flavour flavour) {
    std::string line = fmt::format(
        "<{}>{} {}[{}]: {}", kCronFacility << 3 | severity_of(record.level), rfc3164(stamp),
        ident_of(record, flavour), record.pid != 0 ? record.pid : stamp.pid, classic_text(record));
    if (line.size() > kSyslogBytesMax) line.resize(kSyslogBytesMax);
    return line;
}

std::string text_line(const Record& record, const Stamp& stamp) {
    std::string line =
        fmt::format("{} {} {}", rfc3339(stamp), name_of(record.level), event_text(record));
    if (record.pid != 0) line += fmt::format(" pid={}", record.pid);
    return line + '\n';
}

std::string json_line(const Record& record, const Stamp& stamp) {
    return json_object(record, rfc3339(stamp)) + '\n';
}

}  // namespace cron::daemon
