// How crond was started: under which name, and where its words go.
#pragma once

#include <string>
#include <string_view>

namespace cron::daemon {

struct Invocation {
    std::string program = "crond";   // the name without its folder
    bool is_stderr_journal = false;  // stderr leads to the journal: a service of systemd
    bool has_system_log = false;     // somebody listens for the journal's or syslog's messages

    // As Debian's cron is called. By any other name the options are cronie's.
    bool is_cron() const { return program == "cron"; }
};

Invocation invocation_of(const char* program);

}  // namespace cron::daemon
