// How the database spells what the engine decides. The spellings outlive this program.
#pragma once

#include <string_view>

#include "engine/run.h"

namespace cron::ledger {

std::string_view spelling_of(engine::Fate fate);
std::string_view spelling_of(engine::Cause cause);
std::string_view spelling_of(engine::Outcome::Kind kind);

}  // namespace cron::ledger
