#include "mail/compose.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::mail {
namespace {

// With its name a header stays below the 998 bytes of a line: RFC 5322, 2.1.1.
constexpr std::size_t kHeaderValueBytesMax = 950;

std::string header_value(std::string_view value) {
    constexpr std::string_view kCut = "...";
    // Cut before and after: escapes make it longer, and the value may be huge.
    std::string text = printable(value.substr(0, kHeaderValueBytesMax));
    if (value.size() <= kHeaderValueBytesMax && text.size() <= kHeaderValueBytesMax) return text;
    std::size_t end = std::min(text.size(), kHeaderValueBytesMax - kCut.size());
    // Not within a character of UTF-8.
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end;
    return text.substr(0, end).append(kCut);
}

void add_header(std::string& mail, std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(mail), "{}: {}\n", name, header_value(value));
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

}  // namespace

std::string compose(const Message& message) {
    const auto& environment = message.environment;
    std::string mail;
    add_header(mail, "From", message.sender.empty() ? "root (Cron Daemon)" : message.sender);
    // One address a line: the list may be longer than a line.
    mail += "To: ";
    for (std::size_t i = 0; i < message.recipients.size(); ++i) {
        if (i > 0) mail += ",\n\t";
        mail += header_value(message.recipients[i]);
    }
    mail += '\n';
    add_header(mail, "Subject",
               fmt::format("Cron <{}@{}> {}", message.user, message.host, message.command));
    add_header(mail, "MIME-Version", "1.0");
    add_header(mail, "Content-Type",
               value_of(environment, "CONTENT_TYPE", "text/plain; charset=UTF-8"));
    add_header(mail, "Content-Transfer-Encoding",
               value_of(environment, "CONTENT_TRANSFER_ENCODING", "8bit"));
    add_header(mail, "Auto-Submitted", "auto-generated");
    for (const std::string& variable : environment) {
        // The brackets outside: a value that is cut keeps its end mark.
        mail += fmt::format("X-Cron-Env: <{}>\n", header_value(variable));
    }
    mail += '\n';
    mail += message.body;
    return mail;
}

}  // namespace cron::mail
