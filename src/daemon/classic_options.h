// The options that users of Debian's cron and of cronie know. What a letter means depends on the
// name by which crond is called; each has a long name too, which means the same under both. Pure.
// Source: cron(8) of Debian, crond(8) of cronie.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "daemon/invocation.h"
#include "daemon/options.h"

namespace cron::daemon {

// As they were written.
struct ClassicWords {
    bool foreground = false;
    bool full_host = false;
    bool lsb_names = false;
    bool run_now = false;
    bool log_output = false;
    bool permit_any = false;
    bool inherit_path = false;
    bool no_inotify = false;
    bool cluster = false;
    std::optional<std::string> log_runs, debug, mail_command;
};

struct ClassicOption {
    std::string_view cron;   // its names, parted by commas, when called as cron
    std::string_view crond;  // and by any other name
    std::string_view type;   // of its value
    std::string_view help;
    bool ClassicWords::*flag = nullptr;  // one of these two is set
    std::optional<std::string> ClassicWords::*word = nullptr;

    std::string_view names(const Invocation& invocation) const {
        return invocation.is_cron() ? cron : crond;
    }
};

std::span<const ClassicOption> classic_options();

// "-f -l -L -n -N -x", for messages.
std::string classic_letters(const Invocation& invocation);

// Sets in `options` what the words say. An error is one clause.
Result<void> apply(const ClassicWords& words, Options& options);

}  // namespace cron::daemon
