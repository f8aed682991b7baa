#include "support.h"

namespace cron::ctl {

TEST_CASE("explain: words, the next five, the changes of the clock", "[ctl]") {
    const Ended ended = run({"explain", "30 2 * * *"});
    CHECK(ended.status == 0);
    CHECK(ended.error.empty());
    const auto lines = lines_of(ended.out);
    REQUIRE(lines.size() >= 10);
    CHECK(lines[0] == "30 2 * * *");
    CHECK(contains(lines[1], "02:30"));
    CHECK(contains(ended.out, "\n    2026-03-08T03:00:00-04:00  moved: the clock skips 02:30\n"));
    CHECK(contains(ended.out, "\n    2026-03-11T02:30:00-04:00\n"));
    CHECK_FALSE(contains(ended.out, "2026-03-12"));
    CHECK(contains(ended.out, "2026-03-08 02:00 becomes 03:00: due at 03:00 for 02:30"));
    CHECK(contains(ended.out, "2026-11-01 02:00 becomes 01:00: no effect"));
}

TEST_CASE("explain: what is probably not meant, with its name and a caret", "[ctl]") {
    const Ended ended = run({"explain", "--zone", "UTC", "* 2 * * *"});
    CHECK(ended.status == 0);
    CHECK(contains(ended.out, "warning: "));
    CHECK(contains(ended.out, "\n  * 2 * * *\n  ^"));
    CHECK_FALSE(contains(run({"explain", "--zone", "UTC", "0 2 * * *"}).out, "warning"));
}

TEST_CASE("explain: a choice is told, with what it is here", "[ctl]") {
    CHECK(contains(run({"explain", "H H * * *"}).out, "a choice that each job"));
    CHECK_FALSE(contains(run({"explain", "5 5 * * *"}).out, "choice"));
}

TEST_CASE("explain: never, @reboot, and a zone whose clock does not change", "[ctl]") {
    CHECK(contains(run({"explain", "0 0 31 2 *"}).out, "It is never due."));
    CHECK(contains(run({"explain", "@reboot"}).out, "The clock has no part in it."));
    CHECK(contains(run({"explain", "--zone", "UTC", "@daily"}).out,
                   "The clock of UTC does not change in the next year."));
}

TEST_CASE("explain: changes of the clock are told up to the end of the year 9999", "[ctl]") {
    const Ended plain = run({"explain", "--from", "9999-06-01", "0 * * * *"});
    CHECK(contains(plain.out, "Changes of the clock up to 9999-12-31:\n    9999-11-07 "));
    CHECK_FALSE(contains(plain.out, "10000"));
    const Ended none = run({"explain", "--from", "9999-12-01", "0 * * * *"});
    CHECK(contains(none.out, "does not change up to 9999-12-31"));
    const Ended json = run({"explain", "--json", "--zone", "XST-14XDT,M3.2.0,M12.5.0/48", "--from",
                            "9999-06-01", "@daily"});
    CHECK_FALSE(contains(json.out, ":000"));
}

TEST_CASE("explain: several schedules, with or without quotes; a mistake does not stop the others",
          "[ctl]") {
    const Ended two = run({"explain", "@daily", "@hourly"});
    CHECK(contains(two.out, "@daily\n"));
    CHECK(contains(two.out, "\n\n@hourly\n"));
    CHECK(contains(run({"explain", "0", "2", "*", "*", "*"}).out, "0 2 * * *\n"));
    const Ended ended = run({"explain", "61 * * * *", "@daily"});
    CHECK(ended.status == 2);
    CHECK(contains(ended.error, "minute '61'"));
    CHECK(contains(ended.out, "@daily\n"));
    CHECK(contains(run({"explain", "--seconds", "*/5 * * * * *"}).out, "*/5 * * * * *\n"));
}

}  // namespace cron::ctl
