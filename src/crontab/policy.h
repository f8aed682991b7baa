// When and whether a job runs, beside its schedule: what the settings above an entry say.
// DESIGN: The table language; Waiting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "calendar/instant.h"

namespace cron::crontab {

// What a due time does while the last run of its job still lives.
enum class Overlap {
    allow,
    forbid,   // it is skipped
    queue,    // it waits; a newer one takes its place
    replace,  // the run that lives is ended first
};

// When the output of a run is mailed.
enum class MailWhen {
    output,         // if there is any
    failed_output,  // the same, and the run failed: the flag -n
    failure,        // the run failed, with output or without
    always,
    never,
};

// After a failure: so many times, each after a delay that is the same or doubles up to a bound.
struct Retry {
    std::uint32_t times = 0;
    seconds delay{};
    seconds delay_max{};  // equal to `delay` where it does not double

    friend bool operator==(const Retry&, const Retry&) = default;
};

// A span of the local day, from `begin` up to `end`, over midnight where that is not the later one.
struct Window {
    minutes begin{};
    minutes end{};

    bool contains(seconds time_of_day) const {
        return begin < end ? begin <= time_of_day && time_of_day < end
                           : begin <= time_of_day || time_of_day < end;
    }
    friend bool operator==(const Window&, const Window&) = default;
};

struct Policy {
    bool enabled = true;
    Overlap overlap = Overlap::allow;
    seconds timeout{};  // 0: none
    seconds kill_after{10};
    Retry retry;
    seconds catch_up{};      // 0: off
    seconds jitter{};        // CRON_JITTER
    minutes random_delay{};  // RANDOM_DELAY, which adds to it
    std::optional<Window> window;
    // "backup" in system tables, "alice/backup" in a table of alice's; empty: none. So users do not
    // hold up each other, nor root.
    std::string pool;
    MailWhen mail = MailWhen::output;

    friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace cron::crontab
