#include "process/launch.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "process/environment.h"
#include "process/job_orders.h"

namespace cron::process {
namespace {

constexpr std::size_t kGuardBytes = 64U << 10;  // a whole page, whatever its size
constexpr std::size_t kStackBytes = 64U << 10;

// 0, 1, 2, the report, the control group if there is one, what only a session has, and the program
// itself.
constexpr int kPlaced = kJobProgramFd + 1;
constexpr int kDescriptors = kPlaced + 1;

// All that the child needs, and what it says if it fails. The parent's own memory.
struct Birth {
    int descriptors[kDescriptors] = {-1, -1, -1, -1, -1, -1, -1, -1};
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
    const rlimit* descriptor_limit = nullptr;
    const char* failed_stage = nullptr;
    int error = 0;
};

#define CRON_NO_SANITIZER __attribute__((no_sanitize("address", "undefined")))

CRON_NO_SANITIZER int fail(Birth& birth, const char* stage) {
    birth.failed_stage = stage;
    birth.error = errno;
    return 127;
}

// The child, on its own stack but in the parent's memory, while the parent's thread stands still:
// so it makes no user's path or id its own, allocates nothing, and keeps every signal blocked (a
// handler would run in the parent's memory). Sanitizers keep books on stacks, and this one they do
// not know.
CRON_NO_SANITIZER int become_job_program(void* argument) {
    Birth& birth = *static_cast<Birth*>(argument);
    // First all out of the way of the places, then each to its place: any may have any number.
    for (int& fd : birth.descriptors) {
        if (fd < 0 || fd >= kPlaced) continue;  // below 0 is what this child does not have
        fd = fcntl(fd, F_DUPFD_CLOEXEC, kPlaced);
        if (fd < 0) return fail(birth, "dup");
    }
    for (int place = 0; place < kPlaced; ++place) {
        const int fd = birth.descriptors[place];
        if (fd >= 0 && dup2(fd, place) < 0) return fail(birth, "dup2");
    }
    if (setrlimit(RLIMIT_NOFILE, birth.descriptor_limit) != 0) return fail(birth, "setrlimit");
    execveat(birth.descriptors[kPlaced], "", birth.arguments, birth.environment, AT_EMPTY_PATH);
    return fail(birth,
                birth.descriptors[kJobProgramFd] < 0 ? "exec crond-job" : "exec crond-session");
}

#undef CRON_NO_SANITIZER

// Blocks every signal of this thread while it lives.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        CRON_CHECK(pthread_sigmask(SIG_SETMASK, &all, &before_) == 0);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_{};
};

// As ioprio_set(2) numbers them.
unsigned number_of(const crontab::IoPriority& priority) {
    using Class = crontab::IoPriority::Class;
    switch (priority.kind) {
        case Class::realtime:
            return (1U << kIoClassShift) | priority.level;
        case Class::best_effort:
            return (2U << kIoClassShift) | priority.level;
        case Class::idle:
            return 3U << kIoClassShift;
    }
    return 0;
}

std::string nice_order(const LaunchOrder& order) {
    if (!order.nice) return "-";
    return fmt::format("{}{}", order.nice_as_user ? "u" : "", *order.nice);
}

// As job_orders.h says.
std::vector<std::string> orders_of(const LaunchOrder& order) {
    std::vector<std::string> orders = {
        "crond-job",
        fmt::format("{:o}", order.umask),
        nice_order(order),
        order.io_priority ? std::to_string(number_of(*order.io_priority)) : "-",
        order.cgroup_fd < 0 ? "-" : "+",
        order.home};
    if (order.change_user) {
        const Identity& who = order.identity;
        orders.push_back(std::to_string(who.groups.size() + 2));
        orders.push_back(std::to_string(who.uid));
        orders.push_back(std::to_string(who.gid));
        for (const gid_t group : who.groups) orders.push_back(std::to_string(group));
    } else {
        orders.push_back("0");
    }
    orders.insert(orders.end(), order.arguments.begin(), order.arguments.end());
    return orders;
}

std::vector<std::string> session_orders_of(const LaunchOrder& order) {
    std::vector<std::string> orders = orders_of(order);
    const std::string& folder = order.pam->folder;
    orders.front() = order.identity.name;
    orders.insert(orders.begin(),
                  {"crond-session", order.pam->name, folder.empty() ? "-" : folder});
    return orders;
}

std::vector<std::string> marked(std::vector<std::string> environment) {
    for (std::string& variable : environment) variable.insert(variable.begin(), kVariableMark);
    return environment;
}

}  // namespace

void Launcher::Unmap::operator()(std::byte* stack) const {
    munmap(stack, kGuardBytes + kStackBytes);
}

Result<Launcher> Launcher::create(const std::string& job_program,
                                  const std::string& session_program) {
    Launcher launcher;
    if (getrlimit(RLIMIT_NOFILE, &launcher.descriptor_limit_) != 0) {
        return system_failure(errno, "getrlimit", "");
    }
    for (const auto& [path, fd] : {std::pair{&job_program, &launcher.job_program_},
                                   std::pair{&session_program, &launcher.session_program_}}) {
        if (path->empty()) continue;
        const bool may_be_missing = path == &session_program;
        if (may_be_missing && access(path->c_str(), F_OK) != 0 && errno == ENOENT) continue;
        if (access(path->c_str(), X_OK) != 0) return system_failure(errno, "execute", *path);
        *fd = UniqueFd(open(path->c_str(), O_PATH | O_CLOEXEC));
        if (!*fd) return system_failure(errno, "open", *path);
    }
    launcher.null_ = UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!launcher.null_) return system_failure(errno, "open", "/dev/null");

    void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return system_failure(errno, "mmap", "");
    launcher.stack_.reset(static_cast<std::byte*>(memory));
    if (mprotect(memory, kGuardBytes, PROT_NONE) != 0) return system_failure(errno, "mprotect", "");
    return launcher;
}

Result<void> Launcher::use_parent_thread() {
    auto parent = ParentThread::create();
    if (!parent) return tl::unexpected(parent.error());
    parent_ = *std::move(parent);
    return {};
}

tl::expected<Child, LaunchFailure> Launcher::launch(const LaunchOrder& order) {
    const bool is_session = order.pam.has_value();
    CRON_CHECK(!order.arguments.empty() && (!is_session || order.change_user));
    if (is_session && !session_program_) {
        return tl::unexpected(launch_failure("exec crond-session", ENOENT));
    }
    const auto orders = is_session ? session_orders_of(order) : orders_of(order);
    const auto variables = is_session ? marked(order.environment) : std::vector<std::string>();
    const std::vector<char*> arguments = pointers_to(orders);
    const std::vector<char*> environment = pointers_to(is_session ? variables : order.environment);

    int report[2] = {-1, -1};
    if (pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0)
        return tl::unexpected(launch_failure("pipe", errno));
    Child child;
    child.is_session = is_session;
    child.report = UniqueFd(report[0]);
    const UniqueFd write_end(report[1]);

    const auto or_null = [this](int fd) { return fd < 0 ? null_.get() : fd; };
    Birth birth{{or_null(order.input_fd), or_null(order.output_fd), or_null(order.error_fd),
                 write_end.get(), order.cgroup_fd, is_session ? or_null(order.session_fd) : -1,
                 is_session ? job_program_.get() : -1,
                 is_session ? session_program_.get() : job_program_.get()},
                arguments.data(),
                environment.data(),
                &descriptor_limit_,
                nullptr,
                0};
    int pidfd = -1;
    int clone_error = 0;
    const auto make = [&] {
        const SignalsBlocked blocked;
        child.pid = clone(become_job_program, stack_.get() + kGuardBytes + kStackBytes,
                          CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &birth, &pidfd);
        clone_error = errno;
    };
    if (parent_) {
        parent_->run(make);
    } else {
        make();
    }
    if (child.pid < 0) return tl::unexpected(launch_failure("clone", clone_error));
    child.pidfd = UniqueFd(pidfd);
    if (birth.failed_stage != nullptr) {
        wait_for_end(child);
        return tl::unexpected(launch_failure(birth.failed_stage, birth.error));
    }
    return child;
}

}  // namespace cron::process
