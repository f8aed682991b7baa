// Entries and runs for the tests of compat/.
#pragma once

#include <memory>
#include <string>

#include "crontab/table.h"
#include "engine/run.h"

namespace cron::compat {

inline std::shared_ptr<const crontab::Entry> entry(const std::string& schedule,
                                                   const std::string& command) {
    auto made = std::make_shared<crontab::Entry>();
    made->id = JobId::of_line("root", "/t", schedule, command, 0);
    made->schedule_text = schedule;
    made->command = command;
    return made;
}

inline engine::RunKey run_of(const crontab::Entry& entry, int second) {
    return {entry.id, Instant{seconds{second}}, 0};
}

inline engine::Outcome ended(int status, microseconds duration = seconds{1}) {
    engine::Outcome outcome;
    outcome.status = {false, status, true};
    outcome.duration = duration;
    return outcome;
}

}  // namespace cron::compat
