#include "daemon/upgrade.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/upgrade_memory.h"
#include "process/environment.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kAnswerBytesMax = 4'000;

// The first line of what the checked program has said.
std::string first_line(int fd) {
    std::array<char, kAnswerBytesMax> bytes;
    const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), 0);
    const std::string_view text(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return printable(text.substr(0, text.find('\n')));
}

// Whether programs that are executed get these descriptors.
Result<void> set_inherited(const std::vector<int>& numbers, bool is_inherited) {
    for (const int number : numbers) {
        if (::fcntl(number, F_SETFD, is_inherited ? 0 : FD_CLOEXEC) != 0) {
            return system_failure(errno, "fcntl", std::to_string(number));
        }
    }
    return {};
}

}  // namespace

// Whoever may write it would become us.
Result<void> Upgrade::check_file() const {
    const std::string& path = origin_.program;
    if (path.empty()) return failure(ErrorCode::not_found, "it is not known what was started");
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) return system_failure(errno, "stat", path);
    if (!S_ISREG(file.st_mode)) return failure(ErrorCode::invalid, path + " is no regular file");
    if (file.st_uid != 0 && file.st_uid != ::geteuid()) {
        return failure(ErrorCode::denied, path + " belongs to another user");
    }
    if ((file.st_mode & 022) != 0) {
        return failure(ErrorCode::denied, path + " can be written by others");
    }
    if (::access(path.c_str(), X_OK) != 0) return system_failure(errno, "execute", path);
    return {};
}

void Upgrade::check() {
    if (auto fit = check_file(); !fit) return checked_(tl::unexpected(fit.error()));
    Errand errand;
    errand.uid = ::geteuid();
    errand.time_max = kUpgradeCheckTime;
    errand.prepare = [this] { return program(); };
    errand.ended = [this](const ErrandEnd& end) { ended(end); };
    if (!checks_.add(std::move(errand))) {
        checked_(failure(ErrorCode::busy, "another check has not ended"));
    }
}

std::optional<Errand::Program> Upgrade::program() {
    answer_.reset(::memfd_create("crond-upgrade-check", MFD_CLOEXEC));
    if (!answer_) {
        checked_(system_failure(errno, "memfd_create", ""));
        return std::nullopt;
    }
    Errand::Program program;
    process::LaunchOrder& order = program.order;
    order.arguments = {origin_.program, kUpgradeCheck, std::to_string(kHandoverFormat),
                       origin_.directory, origin_.arguments.front()};
    order.arguments.insert(order.arguments.end(), origin_.arguments.begin() + 1,
                           origin_.arguments.end());
    order.environment = origin_.environment;
    order.output_fd = order.error_fd = answer_.get();
    return program;
}

void Upgrade::ended(const ErrandEnd& end) {
    const std::string line = first_line(answer_.get());
    answer_.reset();
    if (end.is_timed_out) {
        return checked_(
            failure(ErrorCode::busy, fmt::format("{} has not answered for {} s", origin_.program,
                                                 kUpgradeCheckTime.count())));
    }
    if (!end.status) return checked_(tl::unexpected(end.status.error()));
    if (end.status->is_success()) return checked_(line);
    checked_(failure(ErrorCode::invalid,
                     fmt::format("{} {} ended with {} {}{}{}", origin_.program, kUpgradeCheck,
                                 end.status->signalled ? "signal" : "status", end.status->value,
                                 line.empty() ? "" : ": ", line)));
}

Error Upgrade::become(const Handover& handover) const {
    const auto memory = write_handover(handover);
    if (!memory) return memory.error();
    std::vector<int> numbers = handover.numbers();
    numbers.push_back(memory->get());
    std::vector<std::string> environment = origin_.environment;
    environment.push_back(handover_variable(memory->get()));
    const std::vector<char*> argv = process::pointers_to(origin_.arguments);
    const std::vector<char*> envp = process::pointers_to(environment);
    auto passed = set_inherited(numbers, true);
    Error error;
    if (passed) {
        ::execve(origin_.program.c_str(), argv.data(), envp.data());
        error = system_failure(errno, "execute", origin_.program).value();
    } else {
        error = passed.error();
    }
    static_cast<void>(set_inherited(numbers, false));
    return error;
}

}  // namespace cron::daemon
