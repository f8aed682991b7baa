#include "zones/zone_file.h"

#include <cerrno>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <date/tz.h>
#include <fmt/format.h>
// Without this a date::time_zone of one's own cannot be destroyed.
#include <date/tz_private.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "calendar/posix_rule.h"
#include "zones/tzif.h"

namespace cron::zones {
namespace {

using std::chrono::sys_seconds;

// The largest file of tzdata has 5 KB.
constexpr std::size_t kFileMaxBytes = 65'536;
// The library opens this + "/" + name. Of more steps up than needed, those at the root change
// nothing.
constexpr const char* kLibraryDir = "/usr/share/zoneinfo";
constexpr std::string_view kToRoot = "../../../../../../../..";

struct Periods {
    seconds initial{};
    std::vector<calendar::Transition> transitions;
};

// O_NONBLOCK: a FIFO must not hang us before fstat can tell.
Result<std::string> read_small_file(const std::string& path) {
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return system_failure(errno, "open", path);
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return system_failure(errno, "fstat", path);
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorCode::invalid, path + " is not a regular file");
    }
    std::string bytes(kFileMaxBytes + 1, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
        const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(errno, "read", path);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kFileMaxBytes) {
        return failure(ErrorCode::limit,
                       fmt::format("{} has more than {} bytes", path, kFileMaxBytes));
    }
    bytes.resize(size);
    return bytes;
}

Result<UniqueFd> copy_to_memory(std::string_view bytes) {
    UniqueFd memory(memfd_create("zone", MFD_CLOEXEC));
    if (!memory) return system_failure(errno, "memfd_create", "");
    while (!bytes.empty()) {
        const ssize_t put = write(memory.get(), bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return system_failure(errno, "write", "memfd");
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return memory;
}

// The library trusts each count and index of a file that it opens by name (a bad one reads beyond
// its memory): so it gets the very bytes that check_tzif passed, in memory that nobody else can
// change.
Result<Periods> read_periods(std::string_view checked_bytes, const TzifFacts& facts) {
    const auto memory = copy_to_memory(checked_bytes);
    if (!memory) return tl::unexpected(memory.error());
    try {
        const date::time_zone zone(fmt::format("{}/proc/self/fd/{}", kToRoot, memory->get()),
                                   date::detail::undocumented{});
        // The library's "always" and "for ever".
        const sys_seconds first = date::sys_days(date::year::min() / date::January / 1);
        const sys_seconds last = date::sys_days(date::year::max() / date::December / 31);
        date::sys_info info = zone.get_info(first);
        Periods periods{info.offset, {}};
        for (std::size_t i = 0; i <= facts.transition_count && info.end < last; ++i) {
            info = zone.get_info(info.end);
            periods.transitions.push_back({info.begin, info.offset});
        }
        return periods;
    } catch (const std::exception& error) {
        // It does so even for a file elsewhere.
        if (access(kLibraryDir, F_OK) != 0) {
            return failure(
                ErrorCode::not_found,
                fmt::format(
                    "the date library needs {}, which does not exist; install the tzdata package",
                    kLibraryDir));
        }
        return failure(ErrorCode::system,
                       fmt::format("the date library says: {}", printable(error.what())));
    }
}

}  // namespace

Result<calendar::Zone> load_zone_file(const std::string& path, std::string name) {
    const auto bytes = read_small_file(path);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto facts = check_tzif(*bytes);
    if (!facts) {
        return failure(facts.error().code, fmt::format("{} {}", path, facts.error().message));
    }
    auto periods = read_periods(*bytes, *facts);
    if (!periods) {
        return failure(periods.error().code, fmt::format("{}: {}", path, periods.error().message));
    }
    std::optional<calendar::PosixRule> rule;
    if (!facts->footer.empty()) {
        auto parsed = calendar::parse_posix_rule(facts->footer);
        if (!parsed) {
            return failure(parsed.error().code,
                           fmt::format("{}: {}", path, parsed.error().message));
        }
        rule = *std::move(parsed);
    }
    // The library ignores the footer, and drops a last transition that changes nothing but delays
    // the footer's rule.
    auto& transitions = periods->transitions;
    const auto last = facts->last_transition;
    if (last && (transitions.empty() || transitions.back().at < *last)) {
        const seconds offset = transitions.empty() ? periods->initial : transitions.back().offset;
        transitions.push_back({*last, offset});
    }
    return calendar::Zone::from_transitions(std::move(name), periods->initial, transitions, rule);
}

}  // namespace cron::zones
