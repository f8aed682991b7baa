// What cronctl is told by the process and the machine around it, so that all else is a function of
// it.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "ctl/output.h"
#include "zones/load.h"

namespace cron::ctl {

struct Surroundings {
    Instant now{};
    std::string directory;  // to which relative paths belong
    std::string home;       // HOME
    std::string machine_id;
    zones::Sources zones;
    std::function<Result<std::string>()> read_input;  // all of stdin
    bool is_terminal = false;                         // stdout is
    bool has_colours = false;                         // and may show them
    bool has_error_colours = false;                   // the same of stderr
    bool has_utf8 = false;
};

struct Streams {
    Output& out;
    Output& error;
};

}  // namespace cron::ctl
