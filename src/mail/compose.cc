#include "mail/compose.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "mail/encoding.h"

namespace cron::mail {
namespace {

// With its name a header stays below kLineBytesMax.
constexpr std::size_t kHeaderValueBytesMax = 950;

std::string header_value(std::string_view value) {
    constexpr std::string_view kCut = "...";
    // Cut before and after: escapes make it longer, and the value may be huge.
    std::string text = printable(value.substr(0, kHeaderValueBytesMax));
    if (value.size() <= kHeaderValueBytesMax && text.size() <= kHeaderValueBytesMax) return text;
    text.resize(cut_before(text, std::min(text.size(), kHeaderValueBytesMax - kCut.size())));
    return text.append(kCut);
}

// The value of the variable `name`; `otherwise` if it is not set or empty.
std::string_view value_of(const std::vector<std::string>& environment, std::string_view name,
                          std::string_view otherwise) {
    for (const std::string_view variable : environment) {
        if (variable.size() > name.size() + 1 && variable.starts_with(name) &&
            variable[name.size()] == '=') {
            return variable.substr(name.size() + 1);
        }
    }
    return otherwise;
}

// "Sat, 21 Nov 2026 13:04:05 +0100"
std::string date_text(Instant instant, seconds offset) {
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const minutes whole = std::chrono::floor<minutes>(offset);
    const auto local = floor_seconds(instant) + whole;
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{local - day};
    const auto size = std::abs(whole.count());
    return fmt::format(
        "{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
        kDays[std::chrono::weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
        kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
        time.hours().count(), time.minutes().count(), time.seconds().count(),
        whole < minutes{0} ? '-' : '+', size / 60, size % 60);
}

// The charset that the locale of the job names, as mail spells it.
std::string charset_of(const std::vector<std::string>& environment) {
    constexpr std::string_view kDefault = "UTF-8";
    std::string_view locale;
    for (const char* name : {"LANG", "LC_CTYPE", "LC_ALL"}) {
        locale = value_of(environment, name, locale);
    }
    const std::size_t dot = locale.find('.');
    if (dot == std::string_view::npos) return std::string(kDefault);
    const std::string_view codeset = locale.substr(dot + 1, locale.find('@', dot) - dot - 1);
    std::string key;
    for (const char c : codeset) {
        if (is_alnum(c)) key += to_lower(c);
        if (!is_alnum(c) && c != '-' && c != '_') return std::string(kDefault);
    }
    if (key.empty() || key == "utf8") return std::string(kDefault);
    constexpr std::string_view kIso = "iso8859";
    if (key.starts_with(kIso)) return "ISO-8859-" + key.substr(kIso.size());
    return std::string(codeset.substr(0, 40));
}

bool is_plain_text(std::string_view content_type) {
    const std::string_view type = trim_blanks(content_type.substr(0, content_type.find(';')));
    return equal_ignoring_case(type, "text/plain");
}

// What RFC 2045 allows without an encoding; in seven bits or in eight.
bool fits(std::string_view body, bool is_seven_bit) {
    const bool is_allowed = std::all_of(body.begin(), body.end(), [&](char c) {
        return c != '\0' && c != '\r' && (!is_seven_bit || static_cast<unsigned char>(c) < 0x80);
    });
    while (is_allowed) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        if (end > kLineBytesMax) return false;
        if (end == body.size()) return true;
        body.remove_prefix(end + 1);
    }
    return false;
}

struct Encoding {
    std::string name;
    bool is_ours = true;  // else the table names one that the job is to have made itself
};

Encoding encoding_of(std::string_view asked, std::string_view body) {
    const std::string name = to_lower(trim_blanks(asked));
    if (name == "quoted-printable" || name == "base64") return {name};
    if (!name.empty() && name != "7bit" && name != "8bit") return {std::string(asked), false};
    if (fits(body, name == "7bit")) return {name.empty() ? "8bit" : name};
    return {std::string(shorter_encoding(body))};
}

std::string encode(std::string body, std::string_view encoding) {
    if (encoding == "quoted-printable") return quoted_printable(body);
    if (encoding == "base64") return base64_lines(body);
    return body;
}

std::string message_id(const Message& message) {
    std::string domain;
    for (const char c : message.domain) domain += is_alnum(c) || c == '.' ? c : '-';
    return fmt::format("<{}@{}>", message.run, domain.empty() ? "localhost" : domain);
}

std::string with_note(const Message& message) {
    std::string body = message.body;
    if (message.note.empty()) return body;
    if (!body.empty()) body += body.ends_with('\n') ? "\n" : "\n\n";
    return body + printable(message.note) + '\n';
}

// One address a line: the list may be longer than a line.
std::string to_header(const std::vector<std::string>& recipients) {
    std::string header = "To: ";
    for (std::size_t i = 0; i < recipients.size(); ++i) {
        if (i > 0) header += ",\n\t";
        header += header_value(recipients[i]);
    }
    return header + '\n';
}

std::string subject_header(const Message& message) {
    return text_header("Subject", header_value(fmt::format("Cron <{}@{}> {}", message.user,
                                                           message.host, message.command)) +
                                      (message.is_told_failed ? " (failed)" : ""));
}

}  // namespace

std::string compose(const Message& message) {
    const crontab::Ways& ways = crontab::ways_of(message.flavour);
    const auto& environment = message.environment;
    const std::string default_type = "text/plain; charset=" + charset_of(environment);
    const std::string_view type = value_of(environment, "CONTENT_TYPE", default_type);
    const std::string_view asked = value_of(environment, "CONTENT_TRANSFER_ENCODING", "");
    std::string body = is_plain_text(type) ? with_note(message) : message.body;
    Encoding encoding = encoding_of(asked, body);
    if (!encoding.is_ours) body = message.body;

    std::string mail;
    const auto add = [&mail](std::string_view name, std::string_view value) {
        if (!value.empty()) mail += text_header(name, header_value(value));
    };
    const std::string sender =
        message.sender.empty()
            ? std::string(ways.sender_form)
            : fmt::format(fmt::runtime(ways.mailfrom_form), header_value(message.sender));
    add("From", sender);
    mail += to_header(message.recipients);
    mail += subject_header(message);
    add("MIME-Version", "1.0");
    add("Content-Type", type);
    add("Content-Transfer-Encoding", encoding.name);
    add("Auto-Submitted", "auto-generated");
    if (ways.is_bulk) add("Precedence", "bulk");
    add("Date", date_text(message.date, message.offset));
    add("Message-ID", message_id(message));
    add("X-Cron-Status", message.status);
    add("X-Cron-Duration", message.duration);
    for (const std::string& variable : environment) {
        // The brackets outside: a value that is cut keeps its end mark.
        mail += text_header("X-Cron-Env", fmt::format("<{}>", header_value(variable)));
    }
    mail += '\n';
    return mail + encode(std::move(body), encoding.name);
}

}  // namespace cron::mail
