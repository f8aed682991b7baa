// The machine's log: the journal where there is one, else syslog.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "daemon/transport.h"

namespace cron::daemon {

inline constexpr const char* kJournalSocket = "/run/systemd/journal/socket";
inline constexpr const char* kSyslogSocket = "/dev/log";

// A record in both forms, as one message for the transport below. `line` has no NUL.
std::string system_log_message(std::string_view line, std::string_view journal_entry);

// Sends each message to the journal's socket; while that is not there, to syslog's.
std::unique_ptr<Transport> open_system_log(std::string journal_path, std::string syslog_path);

}  // namespace cron::daemon
