// What supercronic says. Pure.
// Source: lines of supercronic 0.2.45.
#pragma once

#include <string>
#include <string_view>

#include "calendar/zone.h"
#include "engine/run.h"

namespace cron::compat {

// Of a run that ran or was to run. `why` is ours, for what supercronic has no words for.
std::string end_message(const engine::Outcome& outcome, std::string_view why);

// Of a due time, `elapsed` after that of a run which still lives.
std::string still_running(bool is_started, Instant since, const calendar::Zone& zone,
                          seconds elapsed);

// "received terminated, shutting down".
std::string received(int signal, bool is_reload);

}  // namespace cron::compat
