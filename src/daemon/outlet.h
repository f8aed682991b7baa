// One of our own streams as jobs' output goes out by it: open while somebody reads, held while he
// is slow, shut when he has stopped, so that in the end neither a job nor we wait for him.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "calendar/instant.h"
#include "daemon/outbox.h"

namespace cron::daemon {

// What may wait for our reader. At 100,000 lines a second of ordinary length he may be away for
// half a second before jobs notice. What we say ourselves may wait besides.
inline constexpr std::size_t kOutletBytesMax = 4U << 20;
inline constexpr std::size_t kOutletReserve = 1U << 20;
// Jobs that have more to print wait so long: longer than a collector needs to turn its files, and
// short for a job that has other things to do. Then what they print is dropped, until half of the
// bound is free again.
inline constexpr seconds kReaderPatience{5};
// Where nobody can read, it is tried again when so much later there is something to write.
inline constexpr seconds kReaderRetry{60};

class Outlet {
  public:
    enum class State {
        open,
        held,    // full: who has more is to wait
        stuck,   // nobody has read for kReaderPatience: what comes is to be dropped
        closed,  // nobody can read any more, or the disk is full: likewise
    };

    explicit Outlet(Outbox& outbox, microseconds patience = kReaderPatience);

    bool is_open() const { return state_ == State::open; }
    bool is_held() const { return state_ == State::held; }
    State state() const { return state_; }
    // Lines of jobs, while it is open; and what we say ourselves, at any time, which may be dropped
    // where there is no room for it either.
    void write(std::string text, std::uint64_t lines);

    // What was read and how much time has passed make it another state. Returns whether it has one.
    bool look(Monotonic now);
    // When look() wants to be called, whatever is read; none: it need not.
    std::optional<Monotonic> deadline() const;
    // Since when it has the state.
    Monotonic since() const { return since_; }
    // Whether a line about what was dropped comes to its reader in the end.
    bool tells_gaps() const { return !was_closed_; }
    // It is closed, was told to be, and was tried again.
    bool is_retry() const { return is_retry_; }
    // The daemon ends: nobody waits any more.
    void give_up() {
        if (is_held()) state_ = State::stuck;
    }

    // Of what was written, since forget_lost(): it did not go out.
    std::uint64_t lost_lines() const { return outbox_.dropped() - forgotten_lines_; }
    std::uint64_t lost_bytes() const {
        return outbox_.lost_bytes() + refused_bytes_ - forgotten_bytes_;
    }
    void forget_lost();
    Outbox& outbox() { return outbox_; }

  private:
    State next_state(Monotonic now) const;

    Outbox& outbox_;
    microseconds patience_;
    State state_ = State::open;
    Monotonic since_{};
    bool was_closed_ = false;  // when it was shut the last time
    bool is_retry_ = false;
    std::uint64_t refused_bytes_ = 0;  // that the outbox did not take
    std::uint64_t forgotten_lines_ = 0;
    std::uint64_t forgotten_bytes_ = 0;
};

}  // namespace cron::daemon
