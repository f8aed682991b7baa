// When, whether and how a job runs, beside its schedule: what the settings above an entry say.
// DESIGN: The table language; Waiting.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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

// As ionice(1) has it.
struct IoPriority {
    enum class Class { realtime, best_effort, idle };
    Class kind = Class::best_effort;
    std::uint32_t level = 0;  // 0, the first, to 7; 0 where it is idle

    friend bool operator==(const IoPriority&, const IoPriority&) = default;
};

// Text that may be long, and that all policies of a table share where it is the same.
class SharedText {
  public:
    SharedText() = default;
    explicit SharedText(std::string_view text) : text_(std::make_shared<const std::string>(text)) {}

    bool is_empty() const { return text_ == nullptr || text_->empty(); }
    std::string_view view() const { return text_ == nullptr ? std::string_view() : *text_; }
    friend bool operator==(const SharedText& a, const SharedText& b) {
        return a.text_ == b.text_ || a.view() == b.view();
    }

  private:
    std::shared_ptr<const std::string> text_;
};

// What all processes of a run may have together; none: no limit.
struct Limits {
    std::optional<std::uint32_t> cpu_percent;  // of the time of one processor
    std::optional<std::uint64_t> memory_bytes;
    std::optional<std::uint32_t> pids;  // processes and threads

    bool any() const { return cpu_percent || memory_bytes || pids; }
    friend bool operator==(const Limits&, const Limits&) = default;
};

struct Policy {
    // What the process of a run is given; none: as crond was started.
    struct Launch {
        std::optional<int> nice;  // -20 to 19
        // Set with the rights of the user, who may not go below what crond has. In tables of users:
        // what holds for all must not end at their word.
        bool nice_as_user = false;
        std::optional<IoPriority> io_priority;
        std::uint32_t umask = 022;
        Limits limits;

        friend bool operator==(const Launch&, const Launch&) = default;
    };

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
    bool fails_on_stderr = false;  // a run that wrote to its standard error has failed
    // Commands that are run once when a run is over, by how it ended; empty: none.
    SharedText on_failure;
    SharedText on_success;
    std::uint64_t max_output_bytes = 1U << 20;
    Launch launch;

    friend bool operator==(const Policy&, const Policy&) = default;
};

}  // namespace cron::crontab
