#include "storm.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>

#include "base/job_id.h"
#include "ledger/database.h"

namespace cron::system_test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;
using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr long kSecondsByDefault = 8;
constexpr const char* kDoubt = "the daemon ended while it started this run";

long number_from(const char* variable, long otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

// "2026-03-08T03:00:00", and a zone that is UTC.
long seconds_of(const std::string& text) {
    std::tm time{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
    REQUIRE(end != nullptr);
    return ::timegm(&time);
}

// The text value of `key` in a line of the log; empty if it has none.
std::string value_of(const std::string& line, const std::string& key) {
    const std::string before = "\"" + key + "\":\"";
    const std::size_t begin = line.find(before);
    if (begin == std::string::npos) return {};
    const std::size_t end = line.find('"', begin + before.size());
    return line.substr(begin + before.size(), end - begin - before.size());
}

bool comes_and_goes(const std::string& job) { return job.rfind("churn", 0) == 0; }

std::string note(const std::string& word, const std::string& notes) {
    return "echo " + word + " $CRON_JOB $CRON_DUE $CRON_ATTEMPT >>" + notes;
}

}  // namespace

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

std::string noted_job(const std::string& notes, const std::string& name, const std::string& body,
                      const std::string& schedule, const Settings& settings) {
    std::string text;
    for (const auto& [setting, value] : settings) text += setting + "=" + value + "\n";
    text += "CRON_NAME=" + name + "\n" + schedule + " " + note("begin", notes);
    text += (body.empty() ? "" : "; " + body) + "\n";
    for (const auto& [setting, value] : settings) text += setting + "=\"\"\n";
    return text;
}

std::string noted_end(const std::string& notes) { return note("end", notes); }

Storm::Storm() : length_(number_from("BELFRY_STORM_SECONDS", kSecondsByDefault)) {
    seed_ = static_cast<unsigned>(
        number_from("BELFRY_STORM_SEED", static_cast<long>(std::random_device()())));
    random.seed(seed_);
    std::cout << "BELFRY_STORM_SEED=" << seed_ << std::endl;
    notes = root.open_folder("/out") + "/notes";
    root.write("/etc/crond.json", R"({"pools": {"daemon/two": 2}, "retention":
        {"rows_per_job": 1000000}})");
    begin_anew();
}

std::string Storm::jobs_of_all_kinds() const {
    const std::string end = "; " + noted_end(notes);
    std::string text = "CRON_TZ=UTC\nMAILTO=\"\"\n";
    for (const char* name : {"plain-1", "plain-2", "plain-3", "plain-4"}) {
        text += noted_job(notes, name, "");
    }
    text += noted_job(notes, "retry", "exit 3", "@every 5s", {{"CRON_RETRY", "3/1s"}});
    text += noted_job(notes, "retry-dropped", "exit 3", "@every 1s", {{"CRON_RETRY", "3/1s"}});
    text +=
        noted_job(notes, "forbid", "sleep 1.3" + end, "@every 1s", {{"CRON_OVERLAP", "forbid"}});
    text += noted_job(notes, "queue", "sleep 0.6" + end, "@every 1s", {{"CRON_OVERLAP", "queue"}});
    text += noted_job(notes, "replace", "sleep 3", "@every 1s", {{"CRON_OVERLAP", "replace"}});
    for (const char* name : {"pool-1", "pool-2", "pool-3"}) {
        text += noted_job(notes, name, "sleep 0.4" + end, "@every 1s", {{"CRON_POOL", "two"}});
    }
    text += noted_job(notes, "timeout", "sleep 5", "@every 1s", {{"CRON_TIMEOUT", "1s"}});
    return text;
}

void Storm::pass(microseconds time, Process& crond) {
    const auto end = SteadyClock::now() + time;
    constexpr milliseconds kStep{50};
    for (auto now = SteadyClock::now(); now < end; now = SteadyClock::now()) {
        std::this_thread::sleep_for(std::min<SteadyClock::duration>(end - now, kStep));
        crond.output();
    }
}

microseconds Storm::random_time(microseconds less_than) {
    return microseconds(random() % static_cast<unsigned>(less_than.count()));
}

void Storm::pass_to_moment(Process& crond) {
    if (random() % 2 == 0) return pass(random_time(milliseconds(1500)), crond);
    const auto now = std::chrono::system_clock::now();
    const auto next = std::chrono::ceil<seconds>(now) - now;
    const auto until = std::chrono::duration_cast<microseconds>(next) - milliseconds(20);
    pass(until + random_time(milliseconds(100)), crond);
}

void Storm::settle(Process& crond) {
    std::set<std::string> jobs;
    for (const Row& row : rows()) {
        if (!comes_and_goes(row.job)) jobs.insert(row.job);
    }
    // The rarest is due every 5 seconds.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string later =
        std::to_string(std::chrono::duration_cast<microseconds>(now + seconds(2)).count());
    CHECK(eventually([&] {
        crond.output();
        std::set<std::string> found;
        for (const Row& row : rows("WHERE due > " + later)) found.insert(row.job);
        return std::includes(found.begin(), found.end(), jobs.begin(), jobs.end());
    }));
    for (const std::string& user : root.names("/var/spool/cron/crontabs")) {
        std::filesystem::remove(root.path("/var/spool/cron/crontabs/" + user));
    }
    std::filesystem::remove(root.path("/etc/crontab"));
    CHECK(eventually([&] {
        crond.output();
        return rows("WHERE fate = 'start' AND outcome IS NULL").empty();
    }));
}

void Storm::end(Process& crond) {
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    read_log(crond);
}

void Storm::read_log(Process& crond) {
    std::istringstream text(crond.output());
    for (std::string line; std::getline(text, line);) {
        const std::string name = value_of(line, "event");
        ++logged_[name];
        if (name == "run-lost") {
            said_lost_.emplace(value_of(line, "job"), seconds_of(value_of(line, "due")));
        }
    }
}

long Storm::logged(const std::string& name) const {
    const auto found = logged_.find(name);
    return found == logged_.end() ? 0 : found->second;
}

std::vector<Row> Storm::rows(const std::string& where) const {
    auto database = ledger::Database::open({root.path("/var/spool/cron/ledger.db"), "", true});
    REQUIRE(database);
    const std::string sql =
        "SELECT name, first / 1000000, due / 1000000, count, fate, coalesce(outcome, ''), "
        "coalesce(reason, ''), attempt, outcome = 'exited' AND exit_status = 0 AND reason = '' "
        "FROM run JOIN job ON job.id = run.job " +
        where + " ORDER BY due";
    auto statement = database->prepare(sql.c_str());
    REQUIRE(statement);
    std::vector<Row> found;
    auto has_row = statement->step();
    for (; has_row && *has_row; has_row = statement->step()) {
        found.push_back({std::string(JobId::of_bytes(statement->bytes(0)).title()),
                         statement->number(1), statement->number(2), statement->number(3),
                         statement->bytes(4), statement->bytes(5), statement->bytes(6),
                         static_cast<int>(statement->number(7)), statement->number(8) != 0});
    }
    REQUIRE(has_row);
    return found;
}

void Storm::read_notes() {
    notes_.clear();
    std::vector<std::string> lines;
    for (const std::string& file : root.names("/out")) {
        const auto more = root.lines("/out/" + file);
        lines.insert(lines.end(), more.begin(), more.end());
    }
    for (const std::string& line : lines) {
        std::istringstream words(line);
        std::string word, due;
        Note note;
        words >> word >> note.job >> due >> note.attempt;
        CAPTURE(line);
        REQUIRE(words);
        note.is_begin = word == "begin";
        note.due = seconds_of(due);
        notes_.push_back(note);
    }
}

void Storm::check_accounts() {
    CAPTURE(seed_);
    read_notes();
    rows_ = rows();
    check_fates();
    check_starts();
    for (const Row& row : rows_) {
        if (row.outcome != "lost") continue;
        CAPTURE(row.job, row.due, row.reason);
        CHECK(said_lost_.count({row.job, row.due}) == 1);
    }
}

// The rows of a job follow each other without a hole, and none covers what another does.
void Storm::check_fates() const {
    std::map<std::string, long> reached;
    for (const Row& row : rows_) {
        CAPTURE(row.job, row.first, row.due, row.count, row.fate);
        const long every = row.job == "retry" ? 5 : 1;
        if (comes_and_goes(row.job)) {
            CHECK(row.first > reached[row.job]);
        } else if (reached.count(row.job) > 0) {
            CHECK(row.first == reached[row.job] + every);
        }
        CHECK(row.count == (row.due - row.first) / every + 1);
        reached[row.job] = row.due;
        const bool is_granted = row.fate == "start";
        CHECK((is_granted || row.fate == "merged" || row.fate == "missed"));
        // When all is settled nothing is without its end.
        CHECK(is_granted != row.outcome.empty());
    }
    CHECK(!reached.empty());
}

void Storm::check_starts() const {
    std::map<std::pair<std::string, long>, std::set<int>> begun;
    for (const Note& note : notes_) {
        if (!note.is_begin) continue;
        CAPTURE(note.job, note.due, note.attempt);
        const bool is_first = begun[{note.job, note.due}].insert(note.attempt).second;
        CHECK(is_first);
    }
    CHECK(!begun.empty());
    for (const Row& row : rows_) {
        CAPTURE(row.job, row.due, row.outcome, row.reason, row.attempt);
        const auto attempts = begun.extract({row.job, row.due});
        if (row.is_success) CHECK((!attempts.empty() && attempts.mapped().count(row.attempt) == 1));
        if (attempts.empty()) continue;
        CHECK((row.outcome == "exited" || row.outcome == "lost"));
        CHECK(*attempts.mapped().rbegin() <= row.attempt);
    }
    // What is left began without a verdict.
    for (const auto& [run, attempts] : begun) {
        CAPTURE(run.first, run.second);
        CHECK(attempts.empty());
    }
}

void Storm::check_at_once(const std::vector<std::string>& jobs, int limit) const {
    std::set<std::pair<std::string, long>> doubtful;
    for (const Row& row : rows_) {
        if (row.reason == kDoubt) doubtful.emplace(row.job, row.due);
    }
    int running = 0;
    int ended = 0;
    for (const Note& note : notes_) {
        if (std::find(jobs.begin(), jobs.end(), note.job) == jobs.end()) continue;
        if (doubtful.count({note.job, note.due}) > 0) continue;
        running += note.is_begin ? 1 : -1;
        ended += note.is_begin ? 0 : 1;
        CAPTURE(seed_, note.job, note.due);
        CHECK(running <= limit);
        CHECK(running >= 0);
    }
    CHECK(ended > 0);
}

long Storm::count(const std::string& outcome, const std::string& job) const {
    long found = 0;
    for (const Row& row : rows_) {
        if (!job.empty() && row.job != job) continue;
        if (row.outcome == outcome || row.fate == outcome) found += row.count;
    }
    return found;
}

std::size_t Storm::starts() const {
    return static_cast<std::size_t>(std::count_if(notes_.begin(), notes_.end(),
                                                  [](const Note& note) { return note.is_begin; }));
}

void Storm::print(const std::string& what) const {
    long due = 0;
    for (const Row& row : rows_) due += row.count;
    std::cout << what << "; " << due << " due times, " << starts() << " starts";
    for (const char* outcome :
         {"exited", "lost", "merged", "missed", "skipped", "withdrawn", "not-started"}) {
        std::cout << ", " << count(outcome) << " " << outcome;
    }
    std::cout << std::endl;
}

}  // namespace cron::system_test
