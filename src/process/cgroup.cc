#include "process/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::process {
namespace {

// Of the processor's time, in µs: the kernel's own choice.
constexpr std::uint64_t kCpuPeriod = 100'000;

}  // namespace

Result<void> write_cgroup_file(const std::string& path, std::string_view text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return system_failure(errno, "open", path);
    // The kernel takes or refuses each write as a whole.
    if (::write(file.get(), text.data(), text.size()) < 0) {
        return system_failure(errno, "write", path);
    }
    return {};
}

std::string_view name_of(Controller controller) {
    switch (controller) {
        case Controller::cpu:
            return "cpu";
        case Controller::memory:
            return "memory";
        case Controller::pids:
            return "pids";
    }
    return "";
}

bool is_limited(const crontab::Limits& limits, Controller controller) {
    switch (controller) {
        case Controller::cpu:
            return limits.cpu_percent.has_value();
        case Controller::memory:
            return limits.memory_bytes.has_value();
        case Controller::pids:
            return limits.pids.has_value();
    }
    return false;
}

Result<void> Cgroup::limit(Controller controller, const crontab::Limits& limits) const {
    switch (controller) {
        case Controller::cpu:
            return write_cgroup_file(
                path_ + "/cpu.max",
                fmt::format("{} {}", *limits.cpu_percent * (kCpuPeriod / 100), kCpuPeriod));
        case Controller::memory:
            // All of a run is killed, or none: the rest of a pipeline must not go on as if its
            // input had ended.
            if (auto set = write_cgroup_file(path_ + "/memory.oom.group", "1"); !set) return set;
            return write_cgroup_file(path_ + "/memory.max", std::to_string(*limits.memory_bytes));
        case Controller::pids:
            return write_cgroup_file(path_ + "/pids.max", std::to_string(*limits.pids));
    }
    return {};
}

Result<UniqueFd> Cgroup::entrance() const {
    const std::string path = path_ + "/cgroup.procs";
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return system_failure(errno, "open", path);
    return file;
}

Result<void> Cgroup::kill() const { return write_cgroup_file(path_ + "/cgroup.kill", "1"); }

// memory.events: lines of "name count".
std::uint64_t Cgroup::memory_kills() const {
    const UniqueFd file(::open((path_ + "/memory.events").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> buffer{};
    const ssize_t bytes = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    if (bytes <= 0) return 0;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(bytes));
    constexpr std::string_view kName = "\noom_kill ";
    const std::size_t at = text.find(kName);
    if (at == std::string_view::npos) return 0;
    const std::string_view rest = text.substr(at + kName.size());
    return parse_decimal(rest.substr(0, rest.find('\n'))).value_or(0);
}

bool Cgroup::remove() {
    if (path_.empty()) return true;
    if (::rmdir(path_.c_str()) != 0 && errno != ENOENT) return false;
    path_.clear();
    return true;
}

}  // namespace cron::process
