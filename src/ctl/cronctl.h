// cronctl as a function of its arguments and of what is around it.
#pragma once

#include <span>

#include "ctl/surroundings.h"

namespace cron::ctl {

// The exit status: 0; 1 where `check` found warnings and nothing worse; 2 where anything is wrong.
int run(std::span<const char* const> arguments, const Surroundings& surroundings,
        const Streams& streams);

}  // namespace cron::ctl
