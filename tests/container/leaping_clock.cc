// The clocks of a crond that sleeps through what it would only wait for: linked in place of four
// calls of the kernel (ld --wrap), all else is the program that is shipped. Both clocks run as
// those of the machine do, from the instant that LEAPING_CLOCK names first; whenever all of its
// threads wait and no child is there, both leap to what crond waits for, until the instant that it
// names second.
//     LEAPING_CLOCK="BEGIN END", in seconds since 1970
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

// NOLINTBEGIN: the names are the linker's.
extern "C" {
int __real_clock_gettime(clockid_t clock, timespec* now);
int __real_timerfd_create(clockid_t clock, int flags);
int __real_timerfd_settime(int fd, int flags, const itimerspec* timer, itimerspec* old);
int __real_epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms);
int __wrap_clock_gettime(clockid_t clock, timespec* now);
int __wrap_timerfd_create(clockid_t clock, int flags);
int __wrap_timerfd_settime(int fd, int flags, const itimerspec* timer, itimerspec* old);
int __wrap_epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms);
}
// NOLINTEND

namespace {

using std::chrono::nanoseconds;

// Until it looks again whether the other threads have come to wait.
constexpr int kLookMs = 5;
// What is farther away is never.
constexpr nanoseconds kNever = std::chrono::hours(24 * 365);
constexpr time_t kFarthestS = 9'000'000'000;  // in the year 2255

// A timer may be set to the end of time.
nanoseconds of(const timespec& time) {
    return std::chrono::seconds(std::min<time_t>(time.tv_sec, kFarthestS)) +
           nanoseconds(time.tv_nsec);
}

timespec of(nanoseconds time) {
    timespec result{};
    result.tv_sec = static_cast<time_t>(time.count() / 1'000'000'000);
    result.tv_nsec = static_cast<long>(time.count() % 1'000'000'000);
    return result;
}

nanoseconds kernel_time(clockid_t clock) {
    timespec now{};
    __real_clock_gettime(clock, &now);
    return of(now);
}

class LeapingClock {
  public:
    LeapingClock() {
        long long begin = 0;
        long long end = 0;
        const char* setting = std::getenv("LEAPING_CLOCK");
        if (setting == nullptr || std::sscanf(setting, "%lld %lld", &begin, &end) != 2) {
            std::fputs("LEAPING_CLOCK=\"BEGIN END\" is missing\n", stderr);
            std::abort();
        }
        shift_ = std::chrono::seconds(begin) - kernel_time(CLOCK_REALTIME);
        end_ = std::chrono::seconds(end);
    }

    nanoseconds now(clockid_t clock) {
        const std::lock_guard lock(mutex_);
        return kernel_time(clock) + ahead(clock);
    }

    void created(int fd, clockid_t clock) {
        const std::lock_guard lock(mutex_);
        timers_[fd] = Timer{clock, 0, nanoseconds{0}};
    }

    int set(int fd, int flags, const itimerspec& timer) {
        const std::lock_guard lock(mutex_);
        Timer& known = timers_.at(fd);
        known.flags = flags | TFD_TIMER_ABSTIME;
        known.due = of(timer.it_value);
        const bool is_relative = (flags & TFD_TIMER_ABSTIME) == 0;
        if (known.due != nanoseconds{0} && is_relative) {
            known.due += kernel_time(known.clock) + ahead(known.clock);
        }
        return arm(fd, known);
    }

    // To the next timer; false if there is none, or time is up.
    bool leap() {
        const std::lock_guard lock(mutex_);
        nanoseconds leap = kNever;
        for (const auto& [fd, timer] : timers_) {
            const nanoseconds left = timer.due - kernel_time(timer.clock) - ahead(timer.clock);
            // What is not ahead has fired, and nobody has asked for more.
            if (left > nanoseconds{0}) leap = std::min(leap, left);
        }
        leap = std::min(leap, end_ - kernel_time(CLOCK_REALTIME) - ahead(CLOCK_REALTIME));
        if (leap <= nanoseconds{0} || leap == kNever) return false;
        leapt_ += leap;
        for (const auto& [fd, timer] : timers_) arm(fd, timer);
        return true;
    }

  private:
    struct Timer {
        clockid_t clock = CLOCK_MONOTONIC;
        int flags = 0;
        nanoseconds due{0};  // on its clock as crond sees it; 0: none
    };

    nanoseconds ahead(clockid_t clock) const {
        return clock == CLOCK_REALTIME ? shift_ + leapt_ : leapt_;
    }

    int arm(int fd, const Timer& timer) const {
        itimerspec kernel{};
        if (timer.due != nanoseconds{0}) {
            kernel.it_value = of(std::max(nanoseconds{1}, timer.due - ahead(timer.clock)));
        }
        return __real_timerfd_settime(fd, timer.flags, &kernel, nullptr);
    }

    std::mutex mutex_;
    std::map<int, Timer> timers_;
    nanoseconds shift_{0};
    nanoseconds leapt_{0};
    nanoseconds end_{0};
};

LeapingClock& leaping_clock() {
    static LeapingClock clock;
    return clock;
}

bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

// Whether every thread but this one, the loop's, waits. What one of them has done before that can
// be read by the loop.
bool do_others_wait() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        if (task.path().filename() == std::to_string(::getpid())) continue;
        std::string stat;
        std::getline(std::ifstream(task.path() / "stat"), stat);
        const std::size_t name_end = stat.rfind(')');  // "12 (crond) S 1 ..."
        if (name_end == std::string::npos || stat.substr(name_end, 3) != ") S") return false;
    }
    return true;
}

}  // namespace

int __wrap_clock_gettime(clockid_t clock, timespec* now) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) {
        return __real_clock_gettime(clock, now);
    }
    *now = of(leaping_clock().now(clock));
    return 0;
}

int __wrap_timerfd_create(clockid_t clock, int flags) {
    const int fd = __real_timerfd_create(clock, flags);
    if (fd >= 0) leaping_clock().created(fd, clock);
    return fd;
}

int __wrap_timerfd_settime(int fd, int flags, const itimerspec* timer, itimerspec* /*old*/) {
    return leaping_clock().set(fd, flags, *timer);
}

int __wrap_epoll_wait(int fd, epoll_event* events, int events_max, int timeout_ms) {
    if (timeout_ms >= 0) return __real_epoll_wait(fd, events, events_max, timeout_ms);
    while (true) {
        int count = __real_epoll_wait(fd, events, events_max, kLookMs);
        if (count != 0) return count;
        if (!do_others_wait()) continue;
        count = __real_epoll_wait(fd, events, events_max, 0);
        if (count != 0) return count;
        if (has_children() || !leaping_clock().leap()) {
            return __real_epoll_wait(fd, events, events_max, -1);
        }
    }
}
