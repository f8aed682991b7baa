// What crond has to say of an upgrade, as log records. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/record.h"

namespace cron::daemon {

Record upgrade_started(std::string_view version, const std::string& program);
// It does not begin, or is given up before anything was stopped.
Record upgrade_refused(std::string_view reason);
// Something has to end first.
Record upgrade_waits(std::string_view reason);
// The program could not be executed: the one that was there goes on.
Record upgrade_failed(std::string_view reason);
// By the new program, in place of started_up(): so many runs go on as its children.
Record upgraded(std::string_view from, std::string_view to, std::size_t runs);
// What was handed over could not be read: the ledger alone says what ran.
Record handover_unread(std::string_view reason);

}  // namespace cron::daemon
