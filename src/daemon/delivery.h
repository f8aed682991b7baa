// What becomes of the output of a run: mail to whom the table says, or the log where there is no
// mailer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/errands.h"
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
        : log_(log),
          settings_(std::move(settings)),
          mailers_(loop, launcher, {}, std::move(progress)) {}

    void deliver(const engine::Deliver& order, Remains remains);
    bool has_child(pid_t pid) const { return mailers_.has_child(pid); }
    bool is_idle() const { return mailers_.is_idle(); }

    // When expire() wants to be called: a mailer has had its time.
    std::optional<Monotonic> deadline() const { return mailers_.deadline(); }
    void expire(Monotonic now) { mailers_.expire(now); }

    // The daemon ends. What waits for a mailer goes to the log; mailers that run end by themselves,
    // but where they `end_with_us`: then what they have not taken goes there too.
    void give_up(bool end_with_us);

  private:
    struct Letter {
        engine::Deliver order;
        Remains remains;
        std::vector<std::string> recipients;
        std::string sender;
        std::uint64_t mailed_bytes = 0;
    };

    std::optional<Errand::Program> prepare(std::uint64_t id);
    Result<Errand::Program> mailer(const Letter& letter, std::string_view output) const;
    void mailed(std::uint64_t id, const ErrandEnd& end);
    void log_output(const Letter& letter);
    void complain(const Letter& letter, std::string_view problem, std::string_view action = "MAIL");

    Log& log_;
    Settings settings_;
    std::map<std::uint64_t, Letter> letters_;  // that a mailer has, or that wait for one
    std::uint64_t last_id_ = 0;
    Errands mailers_;
};

}  // namespace cron::daemon
