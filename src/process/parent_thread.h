// A thread whose children are those that are made on it.
#pragma once

#include <functional>
#include <memory>

#include "base/error.h"

namespace cron::process {

// To Linux a child belongs to the thread that made it, and what the first process of a container
// inherits belongs to its main thread. So what is made here and what was inherited can be waited
// for apart (__WNOTHREAD), while a wait by descriptor finds either. Source: wait(2), and
// find_new_reaper() in kernel/exit.c.
class ParentThread {
  public:
    // It has our signal mask and our capabilities as they are now.
    static Result<std::unique_ptr<ParentThread>> create();
    ParentThread(const ParentThread&) = delete;
    ParentThread& operator=(const ParentThread&) = delete;
    // What it has made becomes the main thread's.
    ~ParentThread();

    // Runs `work` on the thread, and waits until it is done. For one thread at a time.
    void run(const std::function<void()>& work);

  private:
    class State;
    explicit ParentThread(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace cron::process
