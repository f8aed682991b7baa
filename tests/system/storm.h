// What the storms share: jobs that write down what they do, and the accounts that are kept of it
// against the ledger. BELFRY_STORM_SECONDS says how long a storm lasts, BELFRY_STORM_SEED repeats
// one.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "machine.h"

namespace cron::system_test {

// What a job wrote, in the order in which all jobs wrote.
struct Note {
    bool is_begin = false;  // else its end
    std::string job;
    long due = 0;  // in seconds
    int attempt = 0;
};

// A row of the ledger.
struct Row {
    std::string job;
    long first = 0;
    long due = 0;
    long count = 0;
    std::string fate;
    std::string outcome;
    std::string reason;
    int attempt = 0;
    bool is_success = false;
};

std::string event(const std::string& name);

// One entry of a table: `settings` hold for it alone. Its run says that it begins, and does `body`.
std::string noted_job(const std::string& notes, const std::string& name, const std::string& body,
                      const std::string& schedule = "@every 1s",
                      const std::vector<std::pair<std::string, std::string>>& settings = {});
// For a body: says that the run ends.
std::string noted_end(const std::string& notes);

class Storm {
  public:
    Storm();

    TempRoot root;
    std::mt19937 random;
    std::string notes;  // the file that jobs write to

    // A dozen jobs of all kinds, for the table of a user.
    std::string jobs_of_all_kinds() const;

    bool is_over() const { return std::chrono::steady_clock::now() > end_; }
    // From here on the storm lasts as long again.
    void begin_anew() { end_ = std::chrono::steady_clock::now() + length_; }
    // Waits so long, and reads what crond writes meanwhile.
    static void pass(std::chrono::microseconds time, Process& crond);
    std::chrono::microseconds random_time(std::chrono::microseconds less_than);
    // Until a moment at which to strike: every other one is when a second begins, for there most
    // happens.
    void pass_to_moment(Process& crond);

    // Waits until each of the jobs has gone on, takes the tables away, and waits until all that was
    // granted has its outcome.
    void settle(Process& crond);
    void end(Process& crond);
    // Of a daemon that has ended.
    void read_log(Process& crond);
    // How often the daemons have logged it.
    long logged(const std::string& name) const;

    // Of jobs that do not come and go, whose names begin with "churn": no attempt began twice; each
    // due second of each job has one fate; what began is on record as started, and what did not is
    // not recorded as done; what is lost was said.
    void check_accounts();
    // Never more than `limit` of these jobs ran at once, but for those that are lost on record
    // since the daemon ended while it started them.
    void check_at_once(const std::vector<std::string>& jobs, int limit) const;
    // So many due times, of the job or of all, had this outcome, or this fate.
    long count(const std::string& outcome, const std::string& job = "") const;
    std::size_t starts() const;
    void print(const std::string& what) const;

    // Those that match, read from the ledger now.
    std::vector<Row> rows(const std::string& where = "") const;

  private:
    void read_notes();
    void check_fates() const;
    void check_starts() const;

    unsigned seed_ = 0;
    std::chrono::seconds length_;
    std::chrono::steady_clock::time_point end_;
    std::map<std::string, long> logged_;
    std::set<std::pair<std::string, long>> said_lost_;
    std::vector<Note> notes_;
    std::vector<Row> rows_;
};

}  // namespace cron::system_test
