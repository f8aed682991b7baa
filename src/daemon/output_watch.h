// Keeps the output of runs that live within its limit: looks at files while they grow, and sleeps
// while they do not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/event_loop.h"
#include "process/output.h"

namespace cron::daemon {

class OutputWatch {
  public:
    // The limit could not be kept; the file is not looked at any more.
    using Failed = std::function<void(const Error& error)>;

    static Result<std::unique_ptr<OutputWatch>> create(EventLoop& loop);

    // `file` stays where it is until remove().
    void add(process::OutputFile& file, std::uint64_t bytes_max, Failed failed);
    // Looks once more: the run has ended. Nothing if it is not known.
    void remove(process::OutputFile& file);

    // Whether there is another look to come; else all is quiet, and we sleep until something grows.
    bool is_looking() const { return is_armed_; }

    // Between two looks at what grows; twice as long, up to the second, each time that nothing did.
    static constexpr std::chrono::milliseconds kInterval{250};
    static constexpr std::chrono::milliseconds kIntervalMax{2000};

  private:
    struct Watched {
        std::uint64_t bytes_max = 0;
        Failed failed;
        std::uint64_t bytes = 0;  // when we last looked
        int notice = -1;          // the kernel tells when it grows again; -1: we look
    };

    explicit OutputWatch(EventLoop& loop) : loop_(loop) {}

    Result<void> open();
    void look();
    bool look_at(process::OutputFile& file, Watched& watched);
    void watch_quiet(process::OutputFile& file, Watched& watched);
    void drain_notices();
    void arm(std::chrono::milliseconds interval);

    EventLoop& loop_;
    UniqueFd timer_;
    UniqueFd notices_;
    std::map<process::OutputFile*, Watched> watched_;
    std::map<int, process::OutputFile*> quiet_;  // by Watched::notice
    bool is_armed_ = false;
    std::chrono::milliseconds interval_ = kInterval;
    EventLoop::Watch timer_watch_;
    EventLoop::Watch notices_watch_;
};

}  // namespace cron::daemon
