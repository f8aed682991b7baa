// What becomes of the output of a run: mail to whom the table says, or the log where there is no
// mailer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/runs.h"
#include "engine/effect.h"
#include "process/launch.h"

namespace cron::daemon {

class Delivery {
  public:
    // `host`: the machine's name, for the subject. `mailer`: its path. `progress` is called when a
    // mailer has ended.
    Delivery(EventLoop& loop, process::Launcher& launcher, Log& log, std::string host,
             std::string mailer, bool change_user, std::function<void()> progress)
        : loop_(loop),
          launcher_(launcher),
          log_(log),
          host_(std::move(host)),
          mailer_(std::move(mailer)),
          change_user_(change_user),
          progress_(std::move(progress)) {}

    void deliver(const engine::Deliver& order, Remains remains);
    bool is_idle() const { return waiting_.empty() && mailing_.empty(); }
    // Nobody waits for mailers any longer: the output that they have not taken goes to the log.
    void give_up();

  private:
    struct Letter {
        engine::Deliver order;
        Remains remains;
        std::vector<std::string> recipients;
        std::string sender;
    };
    struct Mailing {
        Letter letter;
        std::uint64_t bytes = 0;
        process::Child child;
        EventLoop::Watch watch;
    };

    void mail_next();
    void mail(Letter letter);
    void collect(std::uint64_t id);
    void log_output(const Letter& letter);
    void complain(const Letter& letter, std::string_view problem);

    EventLoop& loop_;
    process::Launcher& launcher_;
    Log& log_;
    std::string host_;
    std::string mailer_;
    bool change_user_ = false;
    std::function<void()> progress_;
    std::deque<Letter> waiting_;
    std::map<std::uint64_t, Mailing> mailing_;
    std::uint64_t last_id_ = 0;
};

}  // namespace cron::daemon
