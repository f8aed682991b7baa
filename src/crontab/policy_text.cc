#include "crontab/policy_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "schedule/duration.h"

namespace cron::crontab {
namespace {

constexpr minutes kDay = hours{24};

tl::unexpected<Error> no(std::string_view value, std::string_view what) {
    return failure(ErrorCode::invalid, fmt::format("{} is not {}", quoted(value), what));
}

template <class Value, std::size_t size>
Result<Value> read_word(std::string_view value,
                        const std::array<std::pair<std::string_view, Value>, size>& words,
                        std::string_view what) {
    for (const auto& [word, meaning] : words) {
        if (value == word) return meaning;
    }
    return no(value, what);
}

// HH:MM, up to 24:00; H:MM will do.
std::optional<minutes> read_clock_time(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view hour_text = text.substr(0, colon);
    const std::string_view minute_text = text.substr(colon + 1);
    const auto hour = parse_decimal(hour_text);
    const auto minute = parse_decimal(minute_text);
    if (!hour || !minute || hour_text.size() > 2 || minute_text.size() != 2) return std::nullopt;
    if (*hour > 24 || *minute > 59) return std::nullopt;
    const minutes time = hours{static_cast<int>(*hour)} + minutes{static_cast<int>(*minute)};
    return time <= kDay ? std::optional(time) : std::nullopt;
}

// delay [ ".." delay ]: the first and the longest of the retries that `value` names.
Result<std::pair<seconds, seconds>> read_delays(std::string_view value, std::string_view delays) {
    const std::size_t dots = delays.find("..");
    const auto first = schedule::parse_duration(delays.substr(0, dots));
    const auto last =
        dots == std::string_view::npos ? first : schedule::parse_duration(delays.substr(dots + 2));
    if (!first || !last) return no(value, "retries and their delay, such as 3/30s or 3/30s..10m");
    if (*first < seconds{1}) return no(value, "retries with a delay of 1s or more");
    if (*last < *first) {
        return no(value, "retries with delays that grow: the first must be the shorter one");
    }
    return std::pair(*first, *last);
}

}  // namespace

Result<bool> read_yes_no(std::string_view value) {
    if (value == "yes") return true;
    if (value == "no") return false;
    return failure(ErrorCode::invalid, fmt::format("{} is neither yes nor no", quoted(value)));
}

Result<seconds> read_duration(std::string_view value, seconds min, seconds max) {
    const auto duration = schedule::parse_duration(value);
    if (duration && min <= *duration && *duration <= max) return *duration;
    return no(value, fmt::format("a duration from {} to {}, such as 90s or 2h30m",
                                 schedule::print_duration(min), schedule::print_duration(max)));
}

Result<minutes> read_minutes(std::string_view value) {
    const auto number = parse_decimal(value);
    if (!number || *number > static_cast<std::uint64_t>(kDay.count())) {
        return no(value, fmt::format("a number of minutes from 0 to {}", kDay.count()));
    }
    return minutes{static_cast<int>(*number)};
}

Result<Overlap> read_overlap(std::string_view value) {
    static constexpr std::array<std::pair<std::string_view, Overlap>, 4> kWords = {{
        {"allow", Overlap::allow},
        {"forbid", Overlap::forbid},
        {"queue", Overlap::queue},
        {"replace", Overlap::replace},
    }};
    return read_word(value, kWords, "allow, forbid, queue or replace");
}

Result<MailWhen> read_mail(std::string_view value) {
    static constexpr std::array<std::pair<std::string_view, MailWhen>, 4> kWords = {{
        {"output", MailWhen::output},
        {"failure", MailWhen::failure},
        {"always", MailWhen::always},
        {"never", MailWhen::never},
    }};
    return read_word(value, kWords, "output, failure, always or never");
}

Result<SharedText> read_hook(std::string_view value) {
    return trim_blanks(value).empty() ? SharedText() : SharedText(value);
}

Result<Retry> read_retry(std::string_view value) {
    const std::size_t slash = value.find('/');
    const auto times = parse_decimal(value.substr(0, slash));
    if (!times || *times > kRetriesMax) {
        return no(value, fmt::format("a number of retries from 0 to {}, such as 3, 3/30s or "
                                     "3/30s..10m",
                                     kRetriesMax));
    }
    Retry retry{static_cast<std::uint32_t>(*times), kRetryDelay, kRetryDelay};
    if (slash != std::string_view::npos) {
        const auto delays = read_delays(value, value.substr(slash + 1));
        if (!delays) return tl::unexpected(delays.error());
        std::tie(retry.delay, retry.delay_max) = *delays;
    }
    return retry.times == 0 ? Retry{} : retry;
}

Result<Window> read_window(std::string_view value) {
    const std::size_t dash = value.find('-');
    const auto begin = read_clock_time(value.substr(0, dash));
    const auto end =
        dash == std::string_view::npos ? std::nullopt : read_clock_time(value.substr(dash + 1));
    if (!begin || !end) return no(value, "a span of the day such as 22:00-06:00");
    if (*begin == kDay) return no(value, "a span of the day, which begins before 24:00");
    if (*begin == *end) {
        return no(value, "a span of the day, as it is empty: the whole day is 00:00-24:00");
    }
    return Window{*begin, *end};
}

Result<std::string_view> read_name(std::string_view value) {
    const bool is_name =
        !value.empty() && value.size() <= kNameBytesMax && is_alnum(value.front()) &&
        std::all_of(value.begin(), value.end(),
                    [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
    if (is_name) return value;
    return no(value, fmt::format("a name of up to {} letters, digits and . _ - that begins with a "
                                 "letter or digit",
                                 kNameBytesMax));
}

}  // namespace cron::crontab
