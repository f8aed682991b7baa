// Lines that schedule: their parts, and what is refused.
#include <catch2/catch.hpp>

#include "support.h"

namespace cron::crontab {
namespace {

TEST_CASE("entry: a user's table has five fields and a command", "[crontab]") {
    const Table table =
        parse_user("1 2 3 4 5 \"/root/my script\" x\n@daily  b\n@every 5m c\n@reboot d\n");
    REQUIRE(table.entries.size() == 4);
    const Entry& first = *table.entries[0];
    CHECK(first.user == "joe");
    CHECK(first.command == "\"/root/my script\" x");
    CHECK(first.input.empty());
    CHECK(first.schedule.fields().minutes == std::uint64_t{1} << 1);
    CHECK(first.schedule.fields().days_of_week == 1U << 5);
    CHECK(first.environment != nullptr);
    CHECK(table.entries[1]->schedule_text == "@daily");
    CHECK(table.entries[2]->schedule.interval() == minutes{5});
    CHECK(table.entries[2]->schedule_text == "@every 5m");
    CHECK(table.entries[3]->schedule.kind() == schedule::Schedule::Kind::reboot);
}

TEST_CASE("entry: a system table has a user before the command", "[crontab]") {
    const Table table =
        parse_system("1 2 3 4 5 www-data  -n  run\n  @daily\tann\tb c\n* * * * * h$ d\n");
    CHECK(places(table).empty());
    REQUIRE(table.entries.size() == 3);
    CHECK(table.entries[0]->user == "www-data");
    CHECK(table.entries[0]->user_begin == 10);
    CHECK(table.entries[0]->command == "run");
    CHECK(table.entries[0]->policy->mail == MailWhen::failed_output);
    CHECK(table.entries[1]->user == "ann");
    CHECK(table.entries[1]->user_begin == 9);
    CHECK(table.entries[1]->command == "b c");
    CHECK(table.entries[2]->user == "h$");
}

TEST_CASE("entry: of blanks after the user Debian's cron keeps all but the first", "[crontab]") {
    const std::string_view text = "17 * * * * root \t  cd / && x\n";
    CHECK(commands(parse(text, options_of(Kind::system, Flavour::debian))) ==
          Strings{"\t  cd / && x"});
    CHECK(commands(parse(text, options_of(Kind::system, Flavour::cronie))) == Strings{"cd / && x"});
}

TEST_CASE("entry: a leading - and -q keep it out of the log", "[crontab]") {
    const Table table =
        parse_user("-* * * * * a\n-5 * * * * b\n-@daily c\n* * * * * -q d\n* * * * * -s e\n");
    CHECK(places(table).empty());
    REQUIRE(table.entries.size() == 5);
    for (std::size_t i = 0; i < 4; ++i) CHECK(table.entries[i]->quiet);
    CHECK(table.entries[1]->schedule.fields().minutes == std::uint64_t{1} << 5);
    CHECK_FALSE(table.entries[4]->quiet);
    CHECK(table.entries[4]->policy->overlap == Overlap::forbid);
}

TEST_CASE("entry: the command may look like anything but a sixth field", "[crontab]") {
    for (const std::string_view command :
         {"7zip x", "/a", "2to3", ":", "FOO=bar c", "?a", "[ -x a ]", "5;", "\\%"}) {
        CAPTURE(command);
        CHECK(parse_user("* * * * * " + std::string(command) + "\n").entries.size() == 1);
    }
    CHECK(commands(parse_user("@daily 5 x\n-@daily 5 x\n")) == Strings{"5 x", "5 x"});
    // After a user column no field is left to count.
    CHECK(commands(parse_system("* * * * * www *cron/x\n* * * * * www 5 x\n")) ==
          Strings{"*cron/x", "5 x"});
}

struct BadLine {
    std::string_view line;
    std::string_view place;
};

TEST_CASE("entry: what is refused in a user's table, and where", "[crontab]") {
    const BadLine lines[] = {
        {"* * * * *", "1:10 error no-command"},
        {"* * * * *  ", "1:12 error no-command"},
        {"@daily", "1:7 error no-command"},
        {"* * * * * %input", "1:11 error no-command"},
        {"* * * * * -n", "1:13 error no-command"},
        {"* * * * * -x a", "1:11 error bad-flag"},
        {"* * * * * - a", "1:11 error six-fields"},
        {"* * * * * * a", "1:11 error six-fields"},
        {"  * * * * * *a", "1:13 error six-fields"},
        {"0 */5 * * * 1-5,7 a", "1:13 error six-fields"},
        {"0 0 1 1 * ? a", "1:11 error six-fields"},
        {"* * * * * 2026", "1:11 error six-fields"},
        {"0 0 12 ? * MON-FRI a", "1:12 error six-fields"},
        {"0 0 12 * * 5#3 a", "1:12 error six-fields"},
        {"-@daily *a", "1:9 error six-fields"},
        {"@daily *a", "1:8 error six-fields"},
        {"* * * *", "1:1 error bad-schedule"},
        {"* * 99 * * a", "1:5 error bad-schedule"},
        {"-* * 99 * * a", "1:6 error bad-schedule"},
        {" - * * * * * a", "1:2 error bad-flag"},
        {"@nightly a", "1:1 error bad-schedule"},
        {"hello world", "1:1 error bad-schedule"},
        {"-", "1:2 error bad-schedule"},
        {"export A=b", "1:1 error bad-assignment"},
    };
    for (const BadLine& bad : lines) {
        CAPTURE(bad.line);
        const Table table = parse_user(bad.line);
        CHECK(table.entries.empty());
        CHECK(places(table) == Strings{std::string(bad.place)});
    }
}

TEST_CASE("entry: what is refused below CRON_SECONDS=yes, and where", "[crontab]") {
    const BadLine lines[] = {
        {"*/5 * * * * a", "2:1 error five-fields"},
        {" -0 0 1 1 * a b", "2:3 error five-fields"},
        // The command of five fields begins where the sixth would stand.
        {"0 0 1 1 * monitor.sh", "2:1 error five-fields"},
        {"0 0 1 1 * sunday a", "2:11 error bad-schedule"},
        {"0 0 1 1 * 1-8 a", "2:13 error bad-schedule"},
        {"0 99 1 1 * a", "2:3 error bad-schedule"},
        {"61 0 1 1 * 1 a", "2:1 error bad-schedule"},
        {"0 0 25 1 * MON a", "2:5 error bad-schedule"},
        {"0 0 1 1 *", "2:1 error bad-schedule"},
        {"0 0 0 1 1 *", "2:12 error no-command"},
        {"0 0 0 1 1 ? 2026 a", "2:13 error seven-fields"},
        {"* * * * * * *a", "2:13 error seven-fields"},
        {"@daily *a", "2:8 error six-fields"},
        {"@nightly a", "2:1 error bad-schedule"},
    };
    for (const BadLine& bad : lines) {
        CAPTURE(bad.line);
        const Table table = parse_user("CRON_SECONDS=yes\n" + std::string(bad.line));
        CHECK(table.entries.empty());
        CHECK(places(table) == Strings{std::string(bad.place)});
    }
    CHECK(places(parse_system("CRON_SECONDS=yes\n*/5 * * * * root a\n")) ==
          Strings{"2:1 error five-fields"});
}

TEST_CASE("entry: what is refused in a system table, and where", "[crontab]") {
    const BadLine lines[] = {
        {"* * * * *", "1:10 error no-user"},
        {"* * * * * root", "1:15 error no-command"},
        {"* * * * * root  ", "1:17 error no-command"},
        {"* * * * * root %x", "1:16 error no-command"},
        {"* * * * * /usr/bin/a b", "1:11 error bad-user"},
        {"* * * * * A=b c", "1:11 error bad-user"},
        {"* * * * * cd; x", "1:11 error bad-user"},
        {"* * * * * $HOME/x y", "1:11 error bad-user"},
        {"* * * * * %USER x", "1:11 error bad-user"},
        {"* * * * * -n root x", "1:11 error bad-user"},
        {"10 4 * * * *  planet-user tmpwatch 360", "1:12 error six-fields"},
        {"0 0 4 * * 1 root x", "1:11 error six-fields"},
        {"@daily * root x", "1:8 error bad-user"},
        {"* * * * * root -x a", "1:16 error bad-flag"},
    };
    for (const BadLine& bad : lines) {
        CAPTURE(bad.line);
        const Table table = parse_system(bad.line);
        CHECK(table.entries.empty());
        CHECK(places(table) == Strings{std::string(bad.place)});
    }
}

TEST_CASE("entry: a user column in a user's table is warned of", "[crontab]") {
    const Table table =
        parse_user("* * * * * root /usr/bin/a\n* * * * * root\n* * * * * rooter x\n");
    CHECK(table.entries.size() == 3);
    CHECK(places(table) == Strings{"1:11 warning user-column"});
}

}  // namespace
}  // namespace cron::crontab
