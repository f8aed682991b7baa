#include "process/parent_thread.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace cron::process {

class ParentThread::State {
  public:
    void run(const std::function<void()>& work) {
        std::unique_lock lock(mutex_);
        work_ = &work;
        changed_.notify_all();
        changed_.wait(lock, [this] { return work_ == nullptr; });
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            is_stopping_ = true;
            changed_.notify_all();
        }
        thread_.join();
    }

    void start() {
        thread_ = std::thread([this] { serve(); });
    }

  private:
    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return is_stopping_ || work_ != nullptr; });
            if (is_stopping_) return;
            (*work_)();
            work_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    bool is_stopping_ = false;
    std::thread thread_;
};

ParentThread::ParentThread(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParentThread::~ParentThread() { state_->stop(); }
void ParentThread::run(const std::function<void()>& work) { state_->run(work); }

Result<std::unique_ptr<ParentThread>> ParentThread::create() {
    auto state = std::make_unique<State>();
    try {
        state->start();
    } catch (const std::system_error& error) {
        return system_failure(error.code().value(), "start a thread", "");
    }
    return std::unique_ptr<ParentThread>(new ParentThread(std::move(state)));
}

}  // namespace cron::process
