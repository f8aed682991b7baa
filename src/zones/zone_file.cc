#include "zones/zone_file.h"

#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "calendar/posix_rule.h"
#include "zones/tzif.h"

namespace cron::zones {
namespace {

// The largest file of tzdata has 5 KB.
constexpr std::size_t kFileMaxBytes = 65'536;

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

}  // namespace

Result<calendar::Zone> load_zone_file(const std::string& path, std::string name) {
    const auto bytes = read_small_file(path);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto file = read_tzif(*bytes);
    if (!file) {
        return failure(file.error().code, fmt::format("{} {}", path, file.error().message));
    }
    std::optional<calendar::PosixRule> rule;
    if (!file->footer.empty()) {
        auto parsed = calendar::parse_posix_rule(file->footer);
        if (!parsed) {
            return failure(parsed.error().code,
                           fmt::format("{}: {}", path, parsed.error().message));
        }
        rule = *std::move(parsed);
    }
    return calendar::Zone::from_transitions(std::move(name), file->initial, file->transitions,
                                            rule);
}

}  // namespace cron::zones
