#include "daemon/output_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace cron::daemon {

Result<std::unique_ptr<OutputWatch>> OutputWatch::create(EventLoop& loop) {
    std::unique_ptr<OutputWatch> watch(new OutputWatch(loop));
    if (auto opened = watch->open(); !opened) return tl::unexpected(opened.error());
    return watch;
}

Result<void> OutputWatch::open() {
    timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer_) return system_failure(errno, "timerfd_create", "");
    // Without it every file is looked at as long as its run lives.
    notices_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    auto timer_watch = loop_.add(timer_.get(), EPOLLIN, [this](std::uint32_t) { look(); });
    if (!timer_watch) return tl::unexpected(timer_watch.error());
    timer_watch_ = *std::move(timer_watch);
    if (!notices_) return {};
    auto notices_watch =
        loop_.add(notices_.get(), EPOLLIN, [this](std::uint32_t) { drain_notices(); });
    if (!notices_watch) return tl::unexpected(notices_watch.error());
    notices_watch_ = *std::move(notices_watch);
    return {};
}

void OutputWatch::add(process::OutputFile& file, std::uint64_t bytes_max, Failed failed) {
    watched_.insert_or_assign(&file, Watched{bytes_max, std::move(failed), 0, -1});
    arm(kInterval);
}

void OutputWatch::remove(process::OutputFile& file) {
    const auto found = watched_.find(&file);
    if (found == watched_.end()) return;
    Watched& watched = found->second;
    if (watched.notice >= 0) {
        ::inotify_rm_watch(notices_.get(), watched.notice);
        quiet_.erase(watched.notice);
    }
    const auto kept = file.keep_within(watched.bytes_max);
    if (!kept) watched.failed(kept.error());
    watched_.erase(found);
}

// All that grow; the others once more, and then no longer.
void OutputWatch::look() {
    std::uint64_t count = 0;
    if (::read(timer_.get(), &count, sizeof count) < 0) return;
    is_armed_ = false;
    interval_ = std::min(2 * interval_, kIntervalMax);
    bool is_more_to_come = false;
    for (auto next = watched_.begin(); next != watched_.end();) {
        const auto current = next++;
        auto& [file, watched] = *current;
        if (watched.notice >= 0) continue;
        if (!look_at(*file, watched)) {
            watched_.erase(current);
            continue;
        }
        is_more_to_come = is_more_to_come || watched.notice < 0;
    }
    if (is_more_to_come) arm(interval_);
}

// False: there is no use in another look.
bool OutputWatch::look_at(process::OutputFile& file, Watched& watched) {
    const auto kept = file.keep_within(watched.bytes_max);
    if (!kept) {
        watched.failed(kept.error());
        return false;
    }
    if (std::exchange(watched.bytes, *kept) == *kept) {
        watch_quiet(file, watched);
    } else {
        interval_ = kInterval;
    }
    return true;
}

// Lets the kernel tell when it grows. Of files in memory it does not tell, and of others not where
// too many are watched already: then we go on looking.
void OutputWatch::watch_quiet(process::OutputFile& file, Watched& watched) {
    if (!notices_ || file.is_in_memory()) return;
    const std::string path = fmt::format("/proc/self/fd/{}", file.fd());
    watched.notice = ::inotify_add_watch(notices_.get(), path.c_str(), IN_MODIFY | IN_ONESHOT);
    if (watched.notice < 0) return;
    if (const auto size = file.size_bytes(); size && *size == watched.bytes) {
        quiet_[watched.notice] = &file;
        return;
    }
    // It has grown before the kernel knew that it was to tell.
    ::inotify_rm_watch(notices_.get(), watched.notice);
    watched.notice = -1;
}

void OutputWatch::drain_notices() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    const ssize_t size = ::read(notices_.get(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at < size;) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        at += static_cast<ssize_t>(sizeof event + event.len);
        if ((event.mask & IN_Q_OVERFLOW) != 0) {
            // Some of them have been lost: look at all.
            for (auto& [file, watched] : watched_) watched.notice = -1;
            quiet_.clear();
            arm(kInterval);
            continue;
        }
        const auto quiet = quiet_.extract(event.wd);
        if (quiet.empty()) continue;  // the end of a watch, which follows its event
        watched_.at(quiet.mapped()).notice = -1;
        arm(kInterval);
    }
}

// Not later than after `interval`.
void OutputWatch::arm(std::chrono::milliseconds interval) {
    if (is_armed_ && interval >= interval_) return;
    is_armed_ = true;
    interval_ = interval;
    const auto whole = std::chrono::floor<std::chrono::seconds>(interval);
    itimerspec when{};
    when.it_value.tv_sec = whole.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(interval - whole).count();
    static_cast<void>(::timerfd_settime(timer_.get(), 0, &when, nullptr));
}

}  // namespace cron::daemon
