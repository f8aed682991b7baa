// Real tables, against what Debian cron, ISC cron and cronie make of them (../shared/corpus, its
// README). Every difference belongs to a class that is listed here with its reason; any other
// fails.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "crontab/command.h"
#include "support.h"

namespace cron::crontab {
namespace {

using nlohmann::json;
using schedule::Schedule;

const std::string kCorpus = BELFRY_SHARED_DIR "/corpus/";

// Why we differ on purpose. The counts are printed.
const std::map<std::string, std::string> kReasons = {
    {"runs: last line without newline",
     "Debian drops the table for it and the others the line; the line is whole"},
    {"runs: carriage return", "others pass the CR to the shell, as part of the last word"},
    {"runs: ~", "a stable choice of ours; cronie's is random and Debian has none"},
    {"runs: nickname",
     "@daily is 0 0 * * *, stars and all; Debian sets no star flags, which changes no due time"},
    {"refused: six-fields", "crons disagree on what the sixth field means (DESIGN)"},
};

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// "0,30 ; 1-5" → the bits of each part.
std::vector<std::uint64_t> read_sets(const std::string& text) {
    std::vector<std::uint64_t> sets(1);
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == ";") {
            sets.push_back(0);
            continue;
        }
        std::istringstream items(word);
        for (std::string item; std::getline(items, item, ',');) {
            const std::size_t dash = item.find('-');
            const int first = std::stoi(item);
            const int last = dash == std::string::npos ? first : std::stoi(item.substr(dash + 1));
            for (int value = first; value <= last; ++value)
                sets.back() |= std::uint64_t{1} << value;
        }
    }
    return sets;
}

// 7 is Sunday too.
std::uint64_t without_seven(std::uint64_t days) { return (days | (days >> 7 & 1)) & 0x7F; }

bool has_same_values(const Schedule& ours, const std::string& theirs) {
    if (theirs == "@reboot") return ours.kind() == Schedule::Kind::reboot;
    const auto sets = read_sets(theirs);
    const auto& fields = ours.fields();
    return ours.kind() == Schedule::Kind::fields && sets.size() == 5 && fields.minutes == sets[0] &&
           fields.hours == sets[1] && fields.days_of_month == sets[2] && fields.months == sets[3] &&
           fields.days_of_week == without_seven(sets[4]);
}

std::string star_flags(const Schedule& schedule) {
    std::string out;
    if (schedule.kind() != Schedule::Kind::fields) return out;
    if (schedule.fields().minute_star) out += 'm';
    if (schedule.fields().hour_star) out += 'h';
    if (schedule.fields().day_of_month_star) out += 'D';
    if (schedule.fields().day_of_week_star) out += 'W';
    return out;
}

// As the corpus lists it: without what is the default for its user joe, or set by cron itself.
std::set<std::string> environment_of(const Entry& entry) {
    std::set<std::string> out;
    for (const std::string& variable : variables(entry)) {
        const std::string name = variable.substr(0, variable.find('='));
        if (name != "USER" && name != "LOGNAME") out.insert(variable);
    }
    out.erase("SHELL=/bin/sh");
    out.erase("HOME=/home/joe");
    out.erase("PATH=/usr/bin:/bin");
    return out;
}

std::set<std::string> environment_of(const json& job) {
    std::set<std::string> out = job.at("env");
    out.erase("PATH=/usr/bin:/bin:/usr/sbin:/sbin");  // cronie's default
    return out;
}

struct Comparison {
    std::map<std::string, std::size_t> classes;
    std::size_t files = 0;
    std::size_t jobs = 0;       // of ours that equal theirs in all
    std::size_t all_clean = 0;  // files on which the three agree that nothing is wrong
    std::map<std::string, std::size_t> container_errors;
    std::map<std::string, std::size_t> invalid_errors;
};

class FileComparison {
  public:
    FileComparison(const json& row, Comparison& comparison)
        : row_(row),
          comparison_(comparison),
          text_(read_file(kCorpus + std::string(row.at("file")))),
          table_(parse(text_, options())) {}

    void run() {
        INFO(std::string(row_.at("file")));
        compare_jobs();
        compare_errors();
        ++comparison_.files;
        const std::string file = row_.at("file");
        for (const Diagnostic& diagnostic : table_.diagnostics) {
            if (diagnostic.severity != Severity::error) continue;
            if (file.rfind("container/", 0) == 0) ++comparison_.container_errors[diagnostic.name];
            if (file.rfind("invalid/", 0) == 0) ++comparison_.invalid_errors[diagnostic.name];
        }
    }

  private:
    Options options() const {
        Options options = options_of(row_.at("read_as") == "user" ? Kind::user : Kind::system);
        options.find_zone = [](std::string_view name) {
            return Result<calendar::Zone>(calendar::Zone::fixed(std::string(name), hours{0}));
        };
        return options;
    }

    bool is_ignored_by_debian() const { return row_.at("debian").at("ignored"); }

    // Debian's, or cronie's of a table that Debian ignores for one bad line.
    std::vector<json> their_jobs() const {
        const json& jobs = row_.at(is_ignored_by_debian() ? "cronie" : "debian").at("jobs");
        if (jobs.is_array()) return jobs;
        return row_.at("debian").at("jobs");
    }

    void differ(const std::string& kind) { ++comparison_.classes[kind]; }

    std::size_t last_line() const {
        return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '\n')) + 1;
    }

    void compare_jobs() {
        auto ours = table_.entries.begin();
        for (const json& theirs : their_jobs()) {
            if (ours != table_.entries.end() && compare(**ours, theirs)) {
                ++ours;
            } else if (!count_refused(theirs)) {
                FAIL_CHECK("not read: " << theirs.dump());
                return;
            }
        }
        for (; ours != table_.entries.end(); ++ours) {
            if (text_.back() != '\n' && (*ours)->line == last_line()) {
                differ("runs: last line without newline");
            } else {
                FAIL_CHECK("line " << (*ours)->line << " is read by nobody else");
            }
        }
    }

    // False if they are two different jobs.
    bool compare(const Entry& ours, const json& theirs) {
        std::string command = theirs.at("command");
        const bool has_return = !command.empty() && command.back() == '\r';
        if (has_return) command.pop_back();
        const bool cronie = is_ignored_by_debian();
        const CommandText parts = split_command(command, Flavour::debian);
        const std::string_view our_command = cronie ? trim_blanks(ours.command) : ours.command;
        if (our_command != (cronie ? trim_blanks(parts.command) : parts.command)) return false;
        if (theirs.at("user") != (row_.at("read_as") == "user" ? "" : ours.user)) return false;
        CHECK(ours.input == parts.input);
        CHECK(environment_of(ours) == environment_of(theirs));
        bool same = !has_return;
        if (has_return) differ("runs: carriage return");
        if (ours.schedule_text.find('~') != std::string::npos) {
            differ("runs: ~");
            same = false;
        } else {
            CAPTURE(ours.line);
            CHECK(has_same_values(ours.schedule, theirs.at("fields")));
            if (ours.schedule_text.front() != '@') {
                CHECK(star_flags(ours.schedule) == theirs.at("star_flags"));
            } else if (star_flags(ours.schedule) != theirs.at("star_flags")) {
                differ("runs: nickname");
                same = false;
            }
        }
        comparison_.jobs += same ? 1 : 0;
        return true;
    }

    // Whether one of our errors is of a line that holds their command.
    bool count_refused(const json& theirs) {
        const std::string command = theirs.at("command");
        for (const Diagnostic& diagnostic : table_.diagnostics) {
            if (diagnostic.severity != Severity::error || !told_.insert(diagnostic.line).second)
                continue;
            if (diagnostic.source.find(command.substr(0, 30)) == std::string::npos) {
                told_.erase(diagnostic.line);
                continue;
            }
            differ("refused: " + diagnostic.name);
            return true;
        }
        return false;
    }

    void compare_errors() {
        std::set<std::size_t> our_lines;
        for (const Diagnostic& diagnostic : table_.diagnostics) {
            if (diagnostic.severity == Severity::error) our_lines.insert(diagnostic.line);
        }
        const json& log = row_.at("cronie").at("log");
        for (const json& message : log) {
            const std::string text = message.at("message");
            if (text.find("newline") != std::string::npos ||
                text.find("privileged") != std::string::npos)
                continue;
            const std::size_t line = std::max<std::size_t>(1, message.at("line"));
            CAPTURE(line, text);
            CHECK(our_lines.count(line) == 1);
            told_.insert(line);
        }
        if (!is_ignored_by_debian() && log.empty()) ++comparison_.all_clean;
        for (const std::size_t line : our_lines) {
            // A bad line without a newline: they look no further than at its end.
            if (told_.count(line) == 1 || (text_.back() != '\n' && line == last_line())) continue;
            FAIL_CHECK("false error on line " << line);
        }
    }

    const json& row_;
    Comparison& comparison_;
    std::string text_;
    Table table_;
    std::set<std::size_t> told_;  // lines whose error has its reason
};

std::string listed(const std::map<std::string, std::size_t>& counts) {
    std::string out;
    for (const auto& [name, count] : counts) out += "\n  " + std::to_string(count) + " " + name;
    return out;
}

TEST_CASE("corpus: real tables are read as Debian, ISC and cronie read them", "[crontab]") {
    std::ifstream rows(kCorpus + "PARSED.jsonl");
    if (!rows) {
        WARN("skipped: there is no " << kCorpus);
        return;
    }
    Comparison comparison;
    for (std::string line; std::getline(rows, line);)
        FileComparison(json::parse(line), comparison).run();
    CHECK(comparison.files == 271);
    std::map<std::string, std::size_t> unseen = comparison.classes;
    for (const auto& [name, reason] : kReasons) CHECK(unseen.erase(name) == 1);
    CHECK(listed(unseen).empty());
    // Six fields of supercronic (with seconds), seven of it (with years).
    CHECK(listed(comparison.container_errors) == "\n  10 six-fields");
    CHECK(listed(comparison.invalid_errors) == "\n  41 bad-schedule\n  1 bad-user");
    WARN("files: " << comparison.files << ", of which all agree on " << comparison.all_clean
                   << " without an error; jobs equal in all: " << comparison.jobs
                   << "; differences:" << listed(comparison.classes)
                   << "\nerrors in container/:" << listed(comparison.container_errors)
                   << "\nerrors in invalid/:" << listed(comparison.invalid_errors));
}

}  // namespace
}  // namespace cron::crontab
