#include "support.h"

namespace cron::ctl {
namespace {

std::vector<std::string> simulate(const std::string& table, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"simulate", "--as", "alice", table});
    const Ended ended = run(arguments);
    CHECK(ended.status == 0);
    CHECK(ended.error.empty());
    return lines_of(ended.out);
}

}  // namespace

TEST_CASE("simulate: every start, one a line, with the reason where a rule changed it", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table =
        folder.write("t", "30 2 * * * backup\n0 */2 * * * -s sync\n@reboot first\n");
    const auto job = [&](int line, const std::string& command) {
        return table + ":" + std::to_string(line) + "\talice\t" + command;
    };
    CHECK(simulate(table, {"--from", "2026-03-08", "--until", "2026-03-08 07:00", "--run-time",
                           "2h30m"}) ==
          std::vector<std::string>{"2026-03-08T00:00:00-05:00\tstarted\t" + job(3, "first") +
                                       "\t@reboot: the machine starts",
                                   "2026-03-08T00:00:00-05:00\tstarted\t" + job(2, "sync"),
                                   "2026-03-08T03:00:00-04:00\tstarted\t" + job(1, "backup") +
                                       "\tmoved: the clock skips 02:30",
                                   "2026-03-08T04:00:00-04:00\tstarted\t" + job(2, "sync"),
                                   "2026-03-08T06:00:00-04:00\tskipped\t" + job(2, "sync") +
                                       "\tthe last run of this job still lives"});
}

TEST_CASE("simulate: several matches that the clock skips are one start, and it is said", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0,10,20 2 * * * a\n");
    CHECK(simulate(table, {"--from", "2026-03-08", "--until", "2026-03-09"}) ==
          std::vector<std::string>{
              "2026-03-08T03:00:00-04:00\tstarted\t" + table +
              ":1\talice\ta\tmoved: the clock skips 3 times from 02:00 on, which are one run"});
}

TEST_CASE("simulate: --chart draws in the zone in force, and counts what was not started",
          "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0 6 * * MON a\n* 7 * * MON -s b\n");
    const Ended ended = run({"simulate", "--chart", "--run-time", "1h", "--from", "2026-03-09",
                             "--until", "2026-03-16", table});
    CHECK(contains(ended.out, "\nMon                    "));
    CHECK(contains(ended.out, "Mon 06:00         1 on average, 1 at most"));
    CHECK(contains(ended.out, "2 starts"));
    CHECK(contains(ended.out, "not started: 59"));
}

TEST_CASE("simulate: a span that runs backwards, and a table with errors", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0 0 * * * a\n61 * * * * b\n");
    const Ended backwards =
        run({"simulate", "--from", "2026-03-09", "--until", "2026-03-08", table});
    CHECK(backwards.status == 2);
    CHECK(contains(backwards.error, "--until is before --from"));
    const Ended wrong = run({"simulate", "--from", "2026-03-09", "--until", "2026-03-10", table});
    CHECK(wrong.status == 2);
    CHECK(contains(wrong.error, ":2:1: error: "));
    CHECK(lines_of(wrong.out).size() == 1);
}

}  // namespace cron::ctl
