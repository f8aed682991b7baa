// What a reading of the tables has to tell the log: once for each version of a table, however often
// it is read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/record.h"
#include "daemon/table_reader.h"

namespace cron::daemon {

inline constexpr std::size_t kDiagnosticsLogged = 20;  // of a table, each time they are told

class TableLog {
  public:
    // `is_first`: at the start of the daemon. `ways`: of its flavour.
    std::vector<Record> tell(const TableReader::Reading& reading, bool is_first,
                             const crontab::Ways& ways);

  private:
    void tell_diagnostics(const spool::Loaded& loaded, std::vector<Record>& records);

    std::map<std::string, std::uint64_t> told_;  // by table: a hash of its diagnostics
    std::string told_unwatched_;
};

}  // namespace cron::daemon
