#include "crontab/launch_text.h"

#include <fmt/format.h>

#include "base/text.h"

namespace cron::crontab {
namespace {

constexpr std::uint32_t kLevels = 8;
constexpr std::uint32_t kUsualLevel = 4;  // as ionice(1)
constexpr std::size_t kUmaskDigitsMax = 4;
constexpr std::uint32_t kUmaskMax = 0777;

tl::unexpected<Error> no(std::string_view value, std::string_view what) {
    return failure(ErrorCode::invalid, fmt::format("{} is not {}", quoted(value), what));
}

// number [ unit ], a unit being 1024 of the one before it in `units`, in which "K" is the first.
std::optional<std::uint64_t> read_size(std::string_view value, std::string_view units,
                                       std::uint64_t min, std::uint64_t max) {
    const std::size_t unit = value.empty() ? std::string_view::npos : units.find(value.back());
    const bool has_unit = unit != std::string_view::npos;
    const auto number = parse_decimal(value.substr(0, value.size() - (has_unit ? 1 : 0)));
    const std::size_t shift = has_unit ? 10 * (unit + 1) : 0;
    if (!number || *number > max >> shift || *number << shift < min) return std::nullopt;
    return *number << shift;
}

}  // namespace

Result<int> read_nice(std::string_view value, int min) {
    const bool is_below_0 = value.substr(0, 1) == "-";
    const auto number = parse_decimal(value.substr(is_below_0 ? 1 : 0));
    const auto size_max = static_cast<std::uint64_t>(is_below_0 ? -kNiceMin : kNiceMax);
    if (!number || *number > size_max) {
        return no(value, fmt::format("a nice value from {} to {}", min, kNiceMax));
    }
    const int nice = static_cast<int>(*number) * (is_below_0 ? -1 : 1);
    if (nice >= min) return nice;
    return failure(ErrorCode::denied,
                   fmt::format("{} is a nice value that only tables of root may have: here it is "
                               "from {} to {}",
                               quoted(value), min, kNiceMax));
}

Result<IoPriority> read_io_priority(std::string_view value, bool realtime_allowed) {
    using Class = IoPriority::Class;
    if (value == "idle") return IoPriority{Class::idle, 0};
    if (value == "best-effort") return IoPriority{Class::best_effort, kUsualLevel};
    const std::size_t colon = value.find(':');
    const std::string_view name = value.substr(0, colon);
    const auto level =
        colon == std::string_view::npos ? std::nullopt : parse_decimal(value.substr(colon + 1));
    const bool is_realtime = name == "realtime";
    const bool has_level = level && *level < kLevels;
    if (is_realtime && !realtime_allowed) {
        return failure(ErrorCode::denied,
                       fmt::format("{} is a class that only tables of root may have: here it is "
                                   "idle, best-effort or best-effort:0 to best-effort:7",
                                   quoted(value)));
    }
    if (!has_level || (name != "best-effort" && !is_realtime)) {
        return no(value, fmt::format("idle, best-effort or best-effort:0 to best-effort:7{}",
                                     realtime_allowed ? ", or realtime:0 to realtime:7" : ""));
    }
    return IoPriority{is_realtime ? Class::realtime : Class::best_effort,
                      static_cast<std::uint32_t>(*level)};
}

Result<std::uint32_t> read_umask(std::string_view value) {
    const bool is_octal = !value.empty() && value.size() <= kUmaskDigitsMax &&
                          value.find_first_not_of("01234567") == std::string_view::npos;
    std::uint32_t umask = 0;
    if (is_octal) {
        for (const char digit : value) umask = umask * 8 + static_cast<std::uint32_t>(digit - '0');
    }
    if (!is_octal || umask > kUmaskMax) return no(value, "an octal number from 0 to 777");
    return umask;
}

Result<std::uint64_t> read_max_output(std::string_view value) {
    const auto bytes = read_size(value, "KMG", kMaxOutputMin, kMaxOutputMax);
    if (!bytes) return no(value, "a size from 4K to 1024G, such as 64K, 1M or 2G");
    return *bytes;
}

Result<std::uint32_t> read_cpu_percent(std::string_view value) {
    const bool has_sign = value.ends_with('%');
    const auto number = parse_decimal(value.substr(0, value.size() - (has_sign ? 1 : 0)));
    if (!has_sign || !number || *number < 1 || *number > kCpuPercentMax) {
        return no(value, fmt::format("a share of one processor from 1% to {}%, such as 50% or 200%",
                                     kCpuPercentMax));
    }
    return static_cast<std::uint32_t>(*number);
}

Result<std::uint64_t> read_memory(std::string_view value) {
    const auto bytes = read_size(value, "KMGT", kMemoryMin, kMemoryMax);
    if (!bytes) return no(value, "a size from 1M to 1024T, such as 512M or 2G");
    return *bytes;
}

Result<std::uint32_t> read_pids(std::string_view value) {
    const auto number = parse_decimal(value);
    if (!number || *number < 1 || *number > kPidsMax) {
        return no(value, fmt::format("a number of processes from 1 to {}", kPidsMax));
    }
    return static_cast<std::uint32_t>(*number);
}

}  // namespace cron::crontab
