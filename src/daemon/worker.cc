#include "daemon/worker.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"

namespace cron::daemon {

class Worker::State {
  public:
    explicit State(UniqueFd event) : event_(std::move(event)) {}

    int fd() const { return event_.get(); }
    std::size_t pending() const { return pending_; }

    bool post(Work work) {
        if (pending_ == kPendingMax) return false;
        ++pending_;
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        changed_.notify_one();
        return true;
    }

    void finish() {
        std::uint64_t count = 0;
        if (::read(event_.get(), &count, sizeof count) < 0 && errno == EAGAIN) return;
        std::vector<Continuation> done;
        {
            const std::lock_guard lock(mutex_);
            done.swap(done_);
        }
        for (const Continuation& continuation : done) {
            --pending_;
            if (continuation) continuation();
        }
    }

    void stop() {
        // Forgotten works die on this thread, and without the lock.
        std::deque<Work> forgotten;
        const std::lock_guard lock(mutex_);
        forgotten.swap(waiting_);
        is_stopping_ = true;
        changed_.notify_one();
    }

    // From here on the thread owns the state. The caller touches it no more.
    void abandon() {
        std::deque<Work> forgotten;
        std::vector<Continuation> never_run;
        const std::lock_guard lock(mutex_);
        forgotten.swap(waiting_);
        never_run.swap(done_);
        is_stopping_ = true;
        is_abandoned_ = true;
        changed_.notify_one();
    }

    // The thread's loop. True when the state was abandoned to it.
    bool work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return is_stopping_ || !waiting_.empty(); });
            if (is_stopping_) return is_abandoned_;
            Work work = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            Continuation continuation = work();
            work = nullptr;  // what it owns dies without the lock
            lock.lock();
            done_.push_back(std::move(continuation));
            const std::uint64_t one = 1;
            CRON_CHECK(::write(event_.get(), &one, sizeof one) == sizeof one);
        }
    }

  private:
    UniqueFd event_;
    std::size_t pending_ = 0;  // the loop's thread only

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Work> waiting_;
    std::vector<Continuation> done_;
    bool is_stopping_ = false;
    bool is_abandoned_ = false;
};

Worker::Worker(std::unique_ptr<State> state, std::thread thread)
    : state_(std::move(state)), thread_(std::move(thread)) {}

Worker::Worker(Worker&&) noexcept = default;

Worker::~Worker() {
    if (!state_) return;
    state_->stop();
    thread_.join();
}

Result<Worker> Worker::create() {
    UniqueFd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!event) return system_failure(errno, "eventfd", "");
    auto state = std::make_unique<State>(std::move(event));
    // A thread inherits the mask of its maker; signals are for the loop's descriptor only.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (const int error = ::pthread_sigmask(SIG_SETMASK, &all, &before); error != 0) {
        return system_failure(error, "pthread_sigmask", "");
    }
    std::thread thread;
    int error = 0;
    try {
        thread = std::thread([shared = state.get()] {
            if (shared->work()) std::unique_ptr<State>(shared).reset();
        });
    } catch (const std::system_error& failed) {
        error = failed.code().value();
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return system_failure(error, "pthread_create", "");
    return Worker(std::move(state), std::move(thread));
}

bool Worker::post(Work work) { return state_->post(std::move(work)); }

int Worker::fd() const { return state_->fd(); }

void Worker::finish() { state_->finish(); }

std::size_t Worker::pending() const { return state_->pending(); }

void Worker::abandon() {
    thread_.detach();
    state_.release()->abandon();
}

}  // namespace cron::daemon
