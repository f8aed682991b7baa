// The entries of tables, each with the text by which a line of output names it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ctl/tables.h"
#include "engine/event.h"

namespace cron::ctl {

enum class Format { plain, json };

// Keeps a reference to the files.
class Listing {
  public:
    Listing(const TableFiles& files, Format format);
    // A single entry of this schedule, which has no name.
    Listing(const schedule::Schedule& schedule, const calendar::Zone& zone);

    // Of all tables, in their order.
    const crontab::Entries& entries() const { return entries_; }
    // Plain: "\tFILE:LINE\tUSER\tCOMMAND"; JSON: ",\"job\":{...}". Written when it is first asked
    // for: of a million entries few are due soon.
    const std::string& name(std::size_t entry);

  private:
    const TableFiles* files_ = nullptr;
    Format format_ = Format::plain;
    crontab::Entries entries_;
    std::vector<std::uint32_t> file_of_;
    std::vector<std::string> names_;
};

std::vector<engine::LoadedTable> to_load(const TableFiles& files);

}  // namespace cron::ctl
