// One thread for what can block (user lookups, reading and parsing of tables), so that the loop
// never does.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>

#include "base/error.h"

namespace cron::daemon {

// All of it is called from the loop's thread. Work is done in the order in which it was posted.
class Worker {
    class State;

  public:
    // What is left to do on the loop's thread once the work is done.
    using Continuation = std::function<void()>;
    using Work = std::function<Continuation()>;

    // Starts the thread, with all signals blocked.
    static Result<Worker> create();
    Worker(Worker&&) noexcept;
    Worker& operator=(Worker&&) noexcept = delete;
    // Forgets what waits and waits for the work in progress, however long it takes.
    ~Worker();

    // False, and nothing is done, when kPendingMax works are unfinished.
    [[nodiscard]] bool post(Work work);

    // Readable when finish() has something to do.
    int fd() const;
    // Runs the continuations of the works that are done. One of them may post more work.
    void finish();
    // Works posted whose continuation has not run.
    std::size_t pending() const;

    // Forgets everything and leaves the thread to itself, for a process that is about to _exit()
    // and must not wait for a lookup that hangs. A work in progress must own all that it uses.
    void abandon();

    static constexpr std::size_t kPendingMax = 1024;

  private:
    Worker(std::unique_ptr<State> state, std::thread thread);

    std::unique_ptr<State> state_;  // null when moved from or abandoned
    std::thread thread_;
};

}  // namespace cron::daemon
