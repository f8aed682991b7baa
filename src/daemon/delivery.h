// What becomes of the output of a run: mail to whom the table says, or the log where there is no
// mailer.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/runs.h"
#include "engine/effect.h"
#include "process/launch.h"

namespace cron::daemon {

inline constexpr minutes kMailerTime{5};  // then it is killed

class Delivery {
  public:
    struct Settings {
        std::string host;  // for the subject
        std::string mailer;
        bool change_user = false;
    };

    // `progress` is called when a mailer has ended.
    Delivery(EventLoop& loop, process::Launcher& launcher, Log& log, Settings settings,
             std::function<void()> progress)
        : loop_(loop),
          launcher_(launcher),
          log_(log),
          settings_(std::move(settings)),
          progress_(std::move(progress)) {}

    void deliver(const engine::Deliver& order, Remains remains);
    bool has_child(pid_t pid) const;
    bool is_idle() const { return waiting_.empty() && mailing_.empty(); }

    // When expire() wants to be called: a mailer has had its time.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // The daemon ends. What waits for a mailer goes to the log; mailers that run end by themselves,
    // but where they `end_with_us`: then what they have not taken goes there too.
    void give_up(bool end_with_us);

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
        Monotonic until{};
        EventLoop::Watch watch;
    };

    void mail_next();
    bool has_turn(const Letter& letter) const;
    void mail(Letter letter);
    Result<process::Child> start_mailer(const Letter& letter, std::string_view output);
    void collect(std::uint64_t id);
    void log_output(const Letter& letter);
    void complain(const Letter& letter, std::string_view problem, std::string_view action = "MAIL");

    EventLoop& loop_;
    process::Launcher& launcher_;
    Log& log_;
    Settings settings_;
    std::function<void()> progress_;
    std::deque<Letter> waiting_;
    std::map<std::uint64_t, Mailing> mailing_;
    std::uint64_t last_id_ = 0;
};

}  // namespace cron::daemon
