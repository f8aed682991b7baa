#include "mail/letter.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "mail/encoding.h"
#include "mail/mailer.h"

namespace cron::mail {
namespace {

// letter = head field*; head = "belfry letter " version LF; field = name " " bytes LF value LF
constexpr std::string_view kHead = "belfry letter ";
constexpr std::string_view kVersion = "1";

void add(std::string& text, std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text), "{} {}\n{}\n", name, value.size(), value);
}

void add(std::string& text, std::string_view name, std::int64_t value) {
    add(text, name, std::string_view(std::to_string(value)));
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    // One spelling only.
    return std::to_string(number) == text ? std::optional(number) : std::nullopt;
}

// Fields in the order in which they are written.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    // The next field, if it is of this name.
    std::optional<std::string_view> next(std::string_view name) {
        const std::size_t line_end = rest_.find('\n');
        if (line_end == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest_.substr(0, line_end);
        if (!line.starts_with(name) || line.size() < name.size() + 2 || line[name.size()] != ' ') {
            return std::nullopt;
        }
        const auto bytes = parse_number<std::size_t>(line.substr(name.size() + 1));
        const std::string_view value = rest_.substr(line_end + 1);
        if (!bytes || *bytes >= value.size() || value[*bytes] != '\n') return std::nullopt;
        rest_ = value.substr(*bytes + 1);
        return value.substr(0, *bytes);
    }

    bool take(std::string_view name, std::string& value) {
        const auto field = next(name);
        if (field) value = *field;
        return field && !contains_nul(*field);
    }
    bool take(std::string_view name, Instant& value) {
        std::int64_t microseconds_since = 0;
        const bool is_there = take(name, microseconds_since);
        value = Instant(microseconds(microseconds_since));
        return is_there;
    }
    template <class Number>
    bool take(std::string_view name, Number& value) {
        const auto field = next(name);
        const auto number = field ? parse_number<Number>(*field) : std::nullopt;
        value = number.value_or(Number{});
        return number.has_value();
    }
    bool take_all(std::string_view name, std::vector<std::string>& values) {
        while (const auto field = next(name)) {
            if (contains_nul(*field)) return false;
            values.emplace_back(*field);
        }
        return true;
    }
    bool is_at_end() const { return rest_.empty(); }

  private:
    static bool contains_nul(std::string_view text) {
        return text.find('\0') != std::string_view::npos;
    }

    std::string_view rest_;
};

bool is_usable(const Letter& letter) {
    return !letter.user.empty() && !letter.recipients.empty() &&
           std::all_of(letter.recipients.begin(), letter.recipients.end(), is_safe_address) &&
           std::all_of(
               letter.environment.begin(), letter.environment.end(), [](std::string_view variable) {
                   return variable.find('=') != std::string_view::npos && variable.front() != '=';
               });
}

}  // namespace

Result<std::string> print(const Letter& letter) {
    std::string text = fmt::format("{}{}\n", kHead, kVersion);
    add(text, "user", letter.user);
    add(text, "uid", letter.uid);
    add(text, "job", letter.job);
    add(text, "due", letter.due.time_since_epoch().count());
    add(text, "pass", letter.pass);
    add(text, "since", letter.since.time_since_epoch().count());
    for (const std::string& address : letter.recipients) add(text, "recipient", address);
    add(text, "home", letter.home);
    for (const std::string& variable : letter.environment) add(text, "variable", variable);
    add(text, "message", letter.message);
    if (text.size() > kLetterBytesMax) {
        return failure(ErrorCode::limit,
                       fmt::format("it has {} bytes with its headers, and a letter has at most {}",
                                   text.size(), kLetterBytesMax));
    }
    return text;
}

Result<Letter> parse_letter(std::string_view bytes) {
    const std::size_t line_end = bytes.find('\n');
    if (!bytes.starts_with(kHead) || line_end == std::string_view::npos) {
        return failure(ErrorCode::damaged, "it does not begin as a letter");
    }
    const std::string_view version = bytes.substr(kHead.size(), line_end - kHead.size());
    if (version != kVersion) {
        return failure(ErrorCode::invalid, fmt::format("it is a letter of version {}, and not {}",
                                                       quoted(version), kVersion));
    }
    Reader reader(bytes.substr(line_end + 1));
    Letter letter;
    const bool is_whole = reader.take("user", letter.user) && reader.take("uid", letter.uid) &&
                          reader.take("job", letter.job) && reader.take("due", letter.due) &&
                          reader.take("pass", letter.pass) && reader.take("since", letter.since) &&
                          reader.take_all("recipient", letter.recipients) &&
                          reader.take("home", letter.home) &&
                          reader.take_all("variable", letter.environment);
    const auto message = is_whole ? reader.next("message") : std::nullopt;
    if (!message || !reader.is_at_end() || !is_usable(letter)) {
        return failure(ErrorCode::damaged, "a field of it is missing or wrong");
    }
    letter.message = *message;
    return letter;
}

std::string body_of(std::string_view message) {
    // No header is empty.
    const std::size_t end = message.find("\n\n");
    if (end == std::string_view::npos) return std::string(message);
    const std::string_view headers = message.substr(0, end + 1);
    const std::string_view body = message.substr(end + 2);
    const auto is_in = [&](std::string_view encoding) {
        const std::string header = fmt::format("\nContent-Transfer-Encoding: {}\n", encoding);
        return headers.find(header) != std::string_view::npos;
    };
    if (is_in("quoted-printable")) return decode_quoted_printable(body);
    if (is_in("base64")) return decode_base64(body);
    return std::string(body);
}

std::string print(const LetterName& name) {
    return fmt::format("{:016x}.{}.{}", name.tag, name.tries, name.next);
}

std::optional<LetterName> parse_letter_name(std::string_view text) {
    const std::size_t first = text.find('.');
    const std::size_t last = text.rfind('.');
    if (first == last) return std::nullopt;
    LetterName name;
    const std::string_view tag = text.substr(0, first);
    const auto tries = parse_number<std::uint32_t>(text.substr(first + 1, last - first - 1));
    const auto next = parse_number<std::int64_t>(text.substr(last + 1));
    const auto [end, error] = std::from_chars(tag.data(), tag.data() + tag.size(), name.tag, 16);
    if (error != std::errc() || !tries || !next) return std::nullopt;
    name.tries = *tries;
    name.next = *next;
    // One spelling only.
    return print(name) == text ? std::optional(name) : std::nullopt;
}

std::optional<seconds> retry_delay(std::uint32_t tries) {
    if (tries >= kTriesMax) return std::nullopt;
    seconds delay = kRetryFirst;
    for (; tries > 1 && delay < kRetryLongest; --tries) delay *= 2;
    return std::min(delay, kRetryLongest);
}

}  // namespace cron::mail
