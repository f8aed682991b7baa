#include "ctl/listing.h"

#include <fmt/format.h>

#include "base/text.h"
#include "ctl/json.h"

namespace cron::ctl {
namespace {

std::string name_of(const crontab::Entry& entry, const std::string& file, Format format) {
    switch (format) {
        case Format::plain:
            return fmt::format("\t{}:{}\t{}\t{}", printable(file), entry.line,
                               printable(entry.user), printable(entry.command));
        case Format::json:
            return fmt::format(R"(,"job":{})", json_of(entry, file));
    }
    return {};
}

}  // namespace

Listing::Listing(const TableFiles& files, Format format) : files_(&files), format_(format) {
    for (std::size_t file = 0; file < files.tables.size(); ++file) {
        const crontab::Entries& entries = files.tables[file].table.entries;
        entries_.insert(entries_.end(), entries.begin(), entries.end());
        file_of_.resize(entries_.size(), static_cast<std::uint32_t>(file));
    }
    names_.resize(entries_.size());
}

Listing::Listing(const schedule::Schedule& schedule, const calendar::Zone& zone) {
    auto entry = std::make_shared<crontab::Entry>();
    entry->schedule = schedule;
    entry->zone = zone;
    entries_.push_back(std::move(entry));
    names_.resize(1);
}

const std::string& Listing::name(std::size_t entry) {
    std::string& name = names_[entry];
    if (name.empty() && files_ != nullptr)
        name = name_of(*entries_[entry], files_->tables[file_of_[entry]].shown, format_);
    return name;
}

std::vector<engine::LoadedTable> to_load(const TableFiles& files) {
    std::vector<engine::LoadedTable> tables;
    for (const TableFile& file : files.tables)
        tables.push_back({file.name, file.table.entries, true});
    return tables;
}

}  // namespace cron::ctl
