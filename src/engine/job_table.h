// The jobs of all loaded tables, by table and by name, and what a reload changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/event.h"

namespace cron::engine {

using GroupId = std::uint32_t;
inline constexpr GroupId kNoGroup = UINT32_MAX;

struct Job {
    JobId id;
    std::shared_ptr<const crontab::Entry> entry;
    std::uint64_t table = 0;         // the number of its table; with `place` the order of starts
    std::size_t place = 0;           // in its table
    bool placed = false;             // its due times count: the clock was set since it is known
    Instant decided{};               // every due time up to here has a verdict
    std::vector<RunNumber> pending;  // its runs that have a verdict and no process yet
    GroupId group = kNoGroup;        // kept by DueQueue
    std::size_t member = 0;          // its place in the group, kept by DueQueue

    bool starts_before(const Job& other) const {
        return table != other.table ? table < other.table : place < other.place;
    }
};

// Jobs keep their address and state for as long as their name is in their table.
class JobTable {
  public:
    // The same job by name, due at other times.
    struct Rescheduled {
        Job* job = nullptr;
        std::shared_ptr<const crontab::Entry> before;
    };
    struct Change {
        std::vector<Job*> added;
        std::vector<Rescheduled> rescheduled;
        std::vector<std::unique_ptr<Job>> removed;  // no longer in the table
    };

    // The table's entries are now these. Of two entries with one name the first counts.
    Change load(const LoadedTable& table);
    Change remove(const std::string& table);

    Job* find(const JobId& id) const;
    std::size_t table_count() const { return tables_.size(); }
    std::size_t job_count() const { return jobs_.size(); }
    // By table, then by place.
    std::vector<Job*> in_order() const;

  private:
    struct Table {
        std::uint64_t number = 0;
        std::vector<Job*> jobs;
    };

    std::unique_ptr<Job> take(const JobId& id);

    std::map<std::string, Table> tables_;
    std::map<JobId, std::unique_ptr<Job>> jobs_;
    std::uint64_t last_number_ = 0;
};

}  // namespace cron::engine
