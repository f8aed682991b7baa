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
#include "engine/run.h"
#include "process/output.h"

namespace cron::daemon {

class OutputWatch {
  public:
    // The limit could not be kept; the output of this run is not looked at any more.
    using Failed = std::function<void(engine::RunNumber run, const Error& error)>;

    static Result<std::unique_ptr<OutputWatch>> create(EventLoop& loop, Failed failed);

    // `file` stays where it is until remove().
    void add(engine::RunNumber run, process::OutputFile& file, std::uint64_t bytes_max);
    // Looks once more: the run has ended. Nothing if it is not known.
    void remove(engine::RunNumber run);

    // Whether there is another look to come; else all is quiet, and we sleep until something grows.
    bool is_looking() const { return is_armed_; }

    // Between two looks at what grows; twice as long, up to the second, each time that nothing did.
    static constexpr std::chrono::milliseconds kInterval{250};
    static constexpr std::chrono::milliseconds kIntervalMax{2000};

  private:
    struct Watched {
        process::OutputFile* file = nullptr;
        std::uint64_t bytes_max = 0;
        std::uint64_t bytes = 0;  // when we last looked
        int notice = -1;          // the kernel tells when it grows again; -1: we look
    };

    OutputWatch(EventLoop& loop, Failed failed) : loop_(loop), failed_(std::move(failed)) {}

    Result<void> open();
    void look();
    bool look_at(engine::RunNumber run, Watched& watched);
    void watch_quiet(engine::RunNumber run, Watched& watched);
    void drain_notices();
    void arm(std::chrono::milliseconds interval);

    EventLoop& loop_;
    Failed failed_;
    UniqueFd timer_;
    UniqueFd notices_;
    std::map<engine::RunNumber, Watched> watched_;
    std::map<int, engine::RunNumber> quiet_;  // by Watched::notice
    bool is_armed_ = false;
    std::chrono::milliseconds interval_ = kInterval;
    EventLoop::Watch timer_watch_;
    EventLoop::Watch notices_watch_;
};

}  // namespace cron::daemon
