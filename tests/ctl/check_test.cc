#include "support.h"

namespace cron::ctl {

TEST_CASE("check: 0 where a table is clean, 1 where it has warnings, 2 where it has errors",
          "[ctl]") {
    const TemporaryFolder folder;
    const std::string clean = folder.write("clean", "0 6 * * * /bin/true\n");
    const std::string warned = folder.write("warned", "CRON_BOGUS=x\n0 6 * * * /bin/true\n");
    const std::string wrong = folder.write("wrong", "CRON_BOGUS=x\n61 * * * * /bin/true\n");
    CHECK(run({"check", clean}).status == 0);
    CHECK(run({"check", clean}).out.empty());
    CHECK(run({"check", clean}).error.empty());
    CHECK(run({"check", warned}).status == 1);
    CHECK(run({"check", wrong}).status == 2);
    CHECK(run({"check", clean, wrong, warned}).status == 2);
    CHECK(run({"check", clean, folder.path() + "/none"}).status == 2);
}

TEST_CASE("check: every diagnostic, as file:line:column with a caret, on stdout", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "CRON_BOGUS=x\n0 61-62,99 * * * /bin/true\n");
    const Ended ended = run({"check", table});
    CHECK(contains(ended.out, table + ":1:1: warning: "));
    CHECK(contains(ended.out, table + ":2:3: error: "));
    CHECK(contains(ended.out, "\n    ^"));
    CHECK(ended.error.empty());
}

TEST_CASE("check: what is probably not meant is warned of", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "* 2 * * * /bin/true\n");
    const Ended ended = run({"check", table});
    CHECK(ended.status == 1);
    CHECK(contains(ended.out, table + ":1:1: warning: "));
    // `next` only tells of errors.
    CHECK(run({"next", table}).error.empty());
    CHECK(run({"next", table}).status == 0);
}

TEST_CASE("check: the tables of the machine are checked as those that are named", "[ctl]") {
    const TemporaryFolder root;
    const std::string table = root.write("etc/crontab", "* 2 * * * root /bin/true\n");
    std::filesystem::permissions(table, std::filesystem::perms{0644});
    const Ended ended = run({"check", "--system", "--zone", "UTC", "--root", root.path()});
    CHECK(ended.status == 1);
    CHECK(contains(ended.out, table + ":1:1: warning: "));
    CHECK(ended.out == run({"check", "--zone", "UTC", "--root", root.path(), table}).out);
}

TEST_CASE("check: colours are for terminals, and are not fooled by the name of a file", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("a: error: b", "0 25 * * * /bin/true\n");
    Surroundings terminal = plain_surroundings();
    CHECK_FALSE(contains(run({"check", table}, terminal).out, "\x1b"));
    terminal.has_colours = true;
    const std::string out = run({"check", table}, terminal).out;
    CHECK(contains(out, table + ":1:3: \x1b[1;31merror:\x1b[0m hour '25'"));
    CHECK(contains(out, "\n\x1b[1;32m    ^~\x1b[0m\n"));
    CHECK(contains(out, "\n  0 25 * * * /bin/true\n"));
}

TEST_CASE("check: '-' is stdin", "[ctl]") {
    Surroundings surroundings = plain_surroundings();
    surroundings.read_input = []() -> Result<std::string> { return std::string("61 * * * * x\n"); };
    const Ended ended = run({"check", "-"}, surroundings);
    CHECK(ended.status == 2);
    CHECK(contains(ended.out, "-:1:1: error: minute '61'"));
}

TEST_CASE("check: --from says when it is asked", "[ctl]") {
    const TemporaryFolder folder;
    const std::string table = folder.write("t", "30 2 * * 0 /bin/true\n");
    CHECK(contains(run({"check", "--from", "2026-01-01", table}).out, "2026-03-08"));
    CHECK(contains(run({"check", "--from", "2027-01-01", table}).out, "2027-03-14"));
    CHECK(run({"check", "--zone", "UTC", table}).status == 0);
}

}  // namespace cron::ctl
