// Log records as the native protocol of the systemd journal has them. Pure.
// Source: systemd.io/JOURNAL_NATIVE_PROTOCOL; systemd.journal-fields(7).
#pragma once

#include <string>

#include "crontab/flavour.h"
#include "daemon/record.h"

namespace cron::daemon {

// MESSAGE is the line as syslog has it, without time and ident. Each key of the record is a field,
// in capitals after CRON_: CRON_EVENT, CRON_JOB, CRON_STATUS. `pid` is the daemon's.
std::string journal_entry(const Record& record, int pid, crontab::Flavour flavour);

}  // namespace cron::daemon
