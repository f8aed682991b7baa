// How much of the daemon each user may take up by talking to it, so that nobody keeps the others
// out, and nobody keeps root out. Pure: time is an argument.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace cron::control {

struct Bounds {
    std::size_t places = 64;           // connections
    std::size_t places_for_root = 16;  // of these
    std::size_t places_of_one = 8;     // of one user; root may take all
    std::size_t large_places = 8;      // long lines that are held at once
    std::size_t large_places_for_root = 2;
    std::size_t large_places_of_one = 2;
    int requests_per_second = 20;  // of one user; root's are not counted
    int burst = 40;
    std::size_t users = 1000;  // that are remembered
};

class Admission {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // `master`: who is as good as root, the user crond runs as.
    Admission(const Bounds& bounds, uid_t master) : bounds_(bounds), master_(master) {}

    // Takes a place for a connection. Or says why there is none.
    std::optional<std::string> enter(uid_t uid, Time now);
    void leave(uid_t uid);

    // When a request of `uid`, which is counted by this, may be taken: now, or later.
    Time take_turn(uid_t uid, Time now);

    // A place for a long line, as a user has it who has entered.
    bool take_large(uid_t uid);
    void give_large(uid_t uid);

  private:
    struct User {
        std::size_t places = 0;
        std::size_t large_places = 0;
        Time paid_until{};  // what was asked is paid for by time: one part of a second each
    };

    bool is_master(uid_t uid) const { return uid == 0 || uid == master_; }
    void forget_idle(Time now);

    Bounds bounds_;
    uid_t master_;
    std::size_t places_ = 0;
    std::size_t large_places_ = 0;
    std::map<uid_t, User> users_;
};

}  // namespace cron::control
