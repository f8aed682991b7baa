#include <algorithm>
#include <cerrno>

#include "support.h"

namespace cron::ctl {
namespace {

using Lines = std::vector<std::string>;

Lines next(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "next");
    const Ended ended = run(arguments);
    CHECK(ended.status == 0);
    CHECK(ended.error.empty());
    return lines_of(ended.out);
}

}  // namespace

TEST_CASE("next: due times, one a line, with the offset in force", "[ctl]") {
    CHECK(next({"--count", "3", "30 2 * * *"}) == Lines{"2026-03-07T02:30:00-05:00",
                                                        "2026-03-08T03:00:00-04:00",
                                                        "2026-03-09T02:30:00-04:00"});
    CHECK(next({"@daily"}).size() == 10);
    CHECK(next({"--count", "0", "@daily"}).empty());
    CHECK(next({"--count", "1", "--zone", "UTC", "@daily"}) == Lines{"2026-03-07T00:00:00+00:00"});
    CHECK(next({"--count", "2", "--seconds", "*/40 0 0 * * *"}) ==
          Lines{"2026-03-07T00:00:00-05:00", "2026-03-07T00:00:40-05:00"});
}

TEST_CASE("next: what lies strictly between --from and --until", "[ctl]") {
    CHECK(next({"--from", "2026-05-01", "--until", "2026-05-04", "0 0 * * *"}) ==
          Lines{"2026-05-02T00:00:00-04:00", "2026-05-03T00:00:00-04:00"});
    CHECK(next({"--from", "2026-05-01", "--until", "2026-05-01", "* * * * *"}).empty());
    // All of them, unless a count is given.
    CHECK(next({"--from", "2026-05-01", "--until", "2026-05-02", "* * * * *"}).size() == 1439);
    CHECK(next({"--from", "2026-05-01", "--until", "2026-05-02", "-n", "2", "* * * * *"}).size() ==
          2);
}

TEST_CASE("next: --previous looks back, the latest first", "[ctl]") {
    CHECK(next({"--previous", "--count", "2", "--from", "2026-03-09", "30 2 * * *"}) ==
          Lines{"2026-03-08T03:00:00-04:00", "2026-03-07T02:30:00-05:00"});
    CHECK(next({"--previous", "--from", "2026-05-04", "--until", "2026-05-01", "0 0 * * *"}) ==
          Lines{"2026-05-03T00:00:00-04:00", "2026-05-02T00:00:00-04:00"});
    const Ended ahead = run({"next", "--previous", "--until", "2027-01-01", "@daily"});
    CHECK(ahead.status == 2);
    CHECK(contains(ahead.error, "looks back"));
    CHECK(run({"next", "--until", "2025-01-01", "@daily"}).status == 2);
}

TEST_CASE("next: no further due time prints nothing and is no failure", "[ctl]") {
    CHECK(next({"0 0 31 2 *"}).empty());
    CHECK(next({"@reboot"}).empty());
    CHECK(next({"--from", "9999-12-31 12:00", "0 0 1 1 *"}).empty());
    CHECK(next({"--previous", "--from", "0001-01-01", "--zone", "UTC", "0 0 1 1 *"}).empty());
}

TEST_CASE("next: a due time whose local year is 10000 is written in UTC", "[ctl]") {
    CHECK(next({"--zone", "XST-14", "--from", "9999-12-31 23:00", "0 * * * *", "-n", "2"}) ==
          Lines{"9999-12-31T10:00:00+00:00", "9999-12-31T11:00:00+00:00"});
}

TEST_CASE("next: marks are for --marks and terminals", "[ctl]") {
    const std::vector<std::string> arguments = {
        "next", "-n", "2", "--from", "2026-03-07", "--until", "2026-03-09", "30 2 * * *"};
    CHECK_FALSE(contains(run(arguments).out, "moved"));
    std::vector<std::string> marked = arguments;
    marked.push_back("--marks");
    CHECK(lines_of(run(marked).out)[1] ==
          "2026-03-08T03:00:00-04:00\tmoved: the clock skips 02:30");
    Surroundings terminal = plain_surroundings();
    terminal.is_terminal = true;
    CHECK(run(arguments, terminal).out == run(marked).out);
    terminal.has_colours = true;
    CHECK(
        contains(run(arguments, terminal).out, "\t\x1b[33mmoved: the clock skips 02:30\x1b[0m\n"));
}

TEST_CASE("next: in a repeated hour both passes are marked", "[ctl]") {
    CHECK(next({"--marks", "--from", "2026-11-01", "-n", "4", "@hourly"}) ==
          Lines{"2026-11-01T01:00:00-04:00\tfirst pass of a repeated time",
                "2026-11-01T01:00:00-05:00\tsecond pass of a repeated time",
                "2026-11-01T02:00:00-05:00", "2026-11-01T03:00:00-05:00"});
}

TEST_CASE("next: a --from that the clock skips or repeats is told on stderr", "[ctl]") {
    const Ended skipped = run({"next", "-n", "1", "--from", "2026-03-08 02:30", "@hourly"});
    CHECK(skipped.status == 0);
    CHECK(skipped.out == "2026-03-08T04:00:00-04:00\n");
    CHECK(contains(skipped.error, "note: --from 2026-03-08 02:30 is skipped"));
    CHECK(contains(run({"next", "--from", "2026-11-01 01:30", "@hourly"}).error, "comes twice"));
}

TEST_CASE("next: the jobs of all tables, merged in the order of time", "[ctl]") {
    const TemporaryFolder folder;
    const std::string one = folder.write("one", "# c\n0 8 * * * alice backup  --all%in\n");
    const std::string two = folder.write("two", "0 9 * * *\tbob report\n0 8 * * * root tidy\n");
    CHECK(next({"--count", "4", "--system", one, two}) ==
          Lines{"2026-03-06T08:00:00-05:00\t" + one + ":2\talice\tbackup  --all",
                "2026-03-06T08:00:00-05:00\t" + two + ":2\troot\ttidy",
                "2026-03-06T09:00:00-05:00\t" + two + ":1\tbob\treport",
                "2026-03-07T08:00:00-05:00\t" + one + ":2\talice\tbackup  --all"});
}

TEST_CASE("next: each job is shown in its own zone, and --zone is for the others", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "0 8 * * * a\nCRON_TZ=CET-1\n0 8 * * * b\n");
    const Lines lines = next({"--count", "2", "--as", "alice", "--zone", "UTC", table});
    CHECK(lines == Lines{"2026-03-07T08:00:00+01:00\t" + table + ":3\talice\tb",
                         "2026-03-07T08:00:00+00:00\t" + table + ":1\talice\ta"});
}

TEST_CASE("next: errors of a table go to stderr, its good lines count, and the status is 2",
          "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "61 * * * * bad\n0 8 * * * good\n");
    const Ended ended = run({"next", "--count", "1", table, folder.path() + "/none"});
    CHECK(ended.status == 2);
    CHECK(contains(ended.error, table + ":1:1: error: minute '61'"));
    CHECK(contains(ended.error, "none: No such file"));
    CHECK(contains(ended.out, ":2\t"));
    CHECK(lines_of(ended.out).size() == 1);
}

TEST_CASE("next: no control byte of a table or an argument reaches the output", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write(
        "t\x1b[31m", "0 8 * * * echo \x1b]0;title\x07\t\x7f\xff\n6\x1b[2J * * * * x\n");
    const Ended ended = run({"next", "--count", "1", table});
    CHECK(is_harmless(ended.out));
    CHECK(is_harmless(ended.error));
    CHECK(contains(ended.out, "\\x1b]0;title"));
    // A tab parts the fields, and no field has one.
    CHECK(std::count(ended.out.begin(), ended.out.end(), '\t') == 3);
    CHECK(is_harmless(run({"next", "\x1b[2J * * * *"}).error));
    CHECK(is_harmless(run({"next", "--zone", "\x1b[2J", "@daily"}).error));
}

TEST_CASE("next: a mistake is told with a caret, and the status is 2", "[ctl]") {
    const Ended ended = run({"next", "0 25 * * *"});
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(contains(ended.error, "cronctl: hour '25'"));
    CHECK(contains(ended.error, "\n    ^~\n"));
    CHECK(run({"next", "--zone", "Nowhere/Land", "@daily"}).status == 2);
    CHECK(run({"next", "--from", "yesterday", "@daily"}).status == 2);
    const Ended usage = run({"next", "--cuont", "1", "@daily"});
    CHECK(usage.status == 2);
    CHECK(contains(usage.error, "Try 'cronctl next --help'."));
}

TEST_CASE("next: output that cannot be written is told, a reader that went is not", "[ctl]") {
    for (const int reason : {ENOSPC, EPIPE}) {
        std::string text;
        Output out([&](std::string_view) -> Result<void> {
            return system_failure(reason, "write to", "stdout");
        });
        Output error = collecting(text);
        const std::vector<const char*> arguments = {"next", "--until", "9999-01-01", "* * * * *"};
        const int status = run(arguments, plain_surroundings(), {out, error});
        CHECK(status == (reason == EPIPE ? 0 : 2));
        CHECK(text.empty() == (reason == EPIPE));
    }
}

}  // namespace cron::ctl
