// What systemd is told of the daemon: that it is ready, reads its tables again, lives, stops.
// Source: sd_notify(3), sd_watchdog_enabled(3).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "calendar/instant.h"

namespace cron::daemon {

// Silent where nobody listens. It never waits: where the listener has no room, only the word that
// we are ready is sent again, by beat().
class Notifier {
  public:
    // The variables of the environment by the same names; empty where they are not set.
    struct Address {
        std::string notify_socket;  // a path, or '@' and an abstract name
        std::string watchdog_usec;
        std::string watchdog_pid;
    };
    // The process's own. They stay in its environment, for the program that it may become; jobs,
    // hooks and mailers have environments made for them.
    static Address address_here();

    // `own`: the process for which a watchdog must be meant.
    Notifier(Address address, pid_t own);

    // The tables are loaded: the first time, or again after reloading().
    void ready(Monotonic now);
    void reloading(Monotonic now) const;
    void stopping() const;
    // Tells that the daemon lives, from a quarter of the watchdog's time on: so that it goes with
    // what woke the daemon anyway, if anything did before half of that time.
    void beat(Monotonic now);
    // When beat() has something to do; none where it never has.
    std::optional<Monotonic> deadline() const;
    // How much is loaded, for `systemctl status`.
    void loaded(std::size_t jobs, std::size_t tables);

  private:
    bool send(std::string_view message) const;  // false: not now

    std::string socket_;
    microseconds beat_every_{0};  // 0: no watchdog
    Monotonic last_beat_{};
    std::optional<Monotonic> ready_again_at_;
    std::string status_;
};

}  // namespace cron::daemon
