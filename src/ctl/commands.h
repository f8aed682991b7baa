// The commands of cronctl. Each returns the exit status.
#pragma once

#include <optional>
#include <string>

#include "ctl/options.h"
#include "ctl/subject.h"
#include "ctl/surroundings.h"
#include "ctl/tables.h"

namespace cron::ctl {

inline constexpr int kGood = 0;
inline constexpr int kWarnings = 1;  // of check only
inline constexpr int kTrouble = 2;

struct Context {
    const Options& options;
    const Surroundings& surroundings;
    Streams streams;
    calendar::Zone zone;  // in force where a table names none

    // An instant of the command line, with a note on stderr where it was not taken as written.
    Result<Instant> instant(std::string_view option, const std::string& text) const;
    // --from, or now.
    Result<Instant> from() const;
    // All tables, what is wrong with them being told on stderr. None: that is all that can be said.
    std::optional<TableFiles> tables() const;
    int fail(const Error& error) const;
};

int run_next(const Context& context);
int run_explain(const Context& context);
int run_check(const Context& context);
int run_simulate(const Context& context);

}  // namespace cron::ctl
