// What the daemon would do with tables over a span of time: the real engine under a clock that is
// always right, on a machine where nothing fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "preview/clocks.h"

namespace cron::preview {

struct Happening {
    enum class Kind {
        started,
        skipped,  // refused at its start: `reason`
        merged,   // into a later due time of its job
        missed,   // too late
    };
    Kind kind = Kind::started;
    std::size_t entry = 0;  // its place among the entries of all tables, in their order
    Instant at{};           // when it happens
    Instant due{};
    bool at_boot = false;  // @reboot
    std::uint32_t attempt = 1;
    std::uint64_t count = 1;  // due times that share this fate; `due` is the latest
    ClockNote note;
    std::string reason;  // a clause of the engine's
};

// Holds the tables and what happens within about a second, however long the span is.
class Simulation {
  public:
    struct Options {
        Instant from{};   // the machine starts; what is due at this instant is started
        Instant until{};  // the end: what is due at this instant is not
        // From the start of each run to its end, which is a success; a timeout that comes before is
        // a failure, and ends it at once.
        microseconds run_time{};
    };

    Simulation(std::vector<engine::LoadedTable> tables, const Options& options);

    const crontab::Entries& entries() const { return entries_; }
    // Of an entry's zone, to read what happens to it.
    ZoneClock& clock_of(std::size_t entry) { return clocks_.of(entry); }

    // The next, in the order of time and before the end; none: nothing more happens.
    std::optional<Happening> next();

  private:
    struct End {
        Instant at{};
        engine::RunNumber run = 0;
    };

    bool advance();
    std::optional<Instant> next_turn() const;
    void deliver(const engine::Event& event);
    void on(const engine::Decide& effect);
    void on(const engine::Spawn& effect);
    void on(const engine::Signal& effect);
    void on(const engine::Finish& effect);
    void on(const engine::Wake& effect) { wake_ = effect; }
    // A right clock opens no pass, nothing fails to start, and nobody stops it.
    void on(const engine::OpenPass&) {}
    void on(const engine::Adopt&) {}
    void on(const engine::Cancel&) {}
    void on(const engine::Deliver&) {}
    void on(const engine::Postpone&) {}
    void on(const engine::Retry&) {}
    void on(const engine::Quit&) {}
    void tell(Happening happening);
    Monotonic monotonic(Instant instant) const;
    std::size_t place_of(const JobId& job);

    Options options_;
    std::vector<engine::LoadedTable> tables_;  // until the first turn
    crontab::Entries entries_;
    std::unordered_map<const crontab::Entry*, std::size_t> places_;
    std::map<JobId, std::size_t> places_of_jobs_;  // filled when it is first needed
    Clocks clocks_;
    engine::Engine engine_;
    Instant now_{};
    bool started_ = false;
    unsigned turns_at_once_ = 0;
    engine::Wake wake_;
    std::deque<engine::Event> events_;  // that happen now
    std::deque<End> ends_;              // of runs that live on, in the order of time
    // By when they happen; not given yet. What the engine decides ahead is here before its time.
    std::multimap<Instant, Happening> happenings_;
};

}  // namespace cron::preview
