// Lines: comments, blanks, line ends, bytes; and how the entries of a table stand together.
#include <catch2/catch.hpp>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "support.h"

namespace cron::crontab {
namespace {

using namespace std::string_literals;

TEST_CASE("lines: comments and blank lines mean nothing", "[crontab]") {
    const Table table =
        parse_user("# m h dom mon dow command\n\n   \t \n  # indented\n\t#tab\n* * * * * a # b\n");
    CHECK(places(table).empty());
    CHECK(commands(table) == Strings{"a # b"});
    CHECK(table.entries.at(0)->line == 6);
}

TEST_CASE("lines: an empty table has no entries and no errors", "[crontab]") {
    for (const std::string_view text : {"", "\n", "\n\n", " ", "# only a comment"}) {
        const Table table = parse_user(text);
        CHECK(table.entries.empty());
        CHECK(table.diagnostics.empty());
        CHECK_FALSE(table.has_errors());
    }
}

TEST_CASE("lines: entries stand in the order of the file", "[crontab]") {
    CHECK(commands(parse_user("1 1 1 1 1 a\n* * * * * b\n@reboot c\n@daily d\n")) ==
          Strings{"a", "b", "c", "d"});
}

TEST_CASE("lines: the last line needs no newline", "[crontab]") {
    const Table table = parse_user("* * * * * a\n* * * * * b");
    CHECK(commands(table) == Strings{"a", "b"});
    CHECK(places(table).empty());
}

TEST_CASE("lines: carriage returns at line ends are dropped, and told of once", "[crontab]") {
    const Table table = parse_user("A=1\r\n\r\n* * * * * a b\r\n# c\r\n* * * * * d\r");
    CHECK(commands(table) == Strings{"a b", "d"});
    CHECK(variables(*table.entries.at(0)) == Strings{"A=1"});
    CHECK(places(table) == Strings{"1:4 warning carriage-return"});
    CHECK_FALSE(table.has_errors());
}

TEST_CASE("lines: a carriage return inside a line belongs to the command", "[crontab]") {
    CHECK(commands(parse_user("* * * * * a\rb\n")) == Strings{"a\rb"});
}

TEST_CASE("lines: a byte order mark is passed over", "[crontab]") {
    const Table table = parse_user("\xEF\xBB\xBF* * * * * a\n61 * * * * b\n");
    CHECK(commands(table) == Strings{"a"});
    CHECK(places(table) == Strings{"1:1 warning byte-order-mark", "2:1 error bad-schedule"});
}

TEST_CASE("lines: a NUL byte is an error of its line, but in a comment", "[crontab]") {
    const Table table = parse_user("* * * * * a\0b\n# c\0d\n* * * * * e\n"s);
    CHECK(commands(table) == Strings{"e"});
    CHECK(places(table) == Strings{"1:12 error nul-byte"});
}

TEST_CASE("lines: commands keep every other byte", "[crontab]") {
    std::string bytes;
    for (int c = 1; c < 256; ++c) {
        if (c != '\n' && c != '%' && c != '\\') bytes += static_cast<char>(c);
    }
    const Table table = parse_user("* * * * * x" + bytes + "y\n* * * * * echo Vas\xC3\xA1rnap\n");
    CHECK(places(table).empty());
    CHECK(commands(table) == Strings{"x" + bytes + "y", "echo Vas\xC3\xA1rnap"});
}

TEST_CASE("lines: tabs and blanks part the words, and lines may be indented", "[crontab]") {
    const Table table = parse_user(" \t1\t2  3 \t4\t\t5 \t a  b\t\n");
    CHECK(commands(table) == Strings{"a  b\t"});
    CHECK(table.entries.at(0)->schedule_text == "1 2 3 4 5");
}

TEST_CASE("lines: one bad line never hides another", "[crontab]") {
    const Table table = parse_user(
        "61 * * * * a\n* * * * * b\n* 25 * * * c\nFOO=\"\nBAR=x\n* * * * * d\n* * * *\n");
    CHECK(commands(table) == Strings{"b", "d"});
    CHECK(places(table) == Strings{"1:1 error bad-schedule", "3:3 error bad-schedule",
                                   "4:5 error bad-assignment", "7:1 error bad-schedule"});
    CHECK(variables(*table.entries.at(1)) == Strings{"BAR=x"});
}

TEST_CASE("identity: it survives other lines, blanks, flags and the line's place", "[crontab]") {
    const JobId plain = parse_user("1 2 * * * a b\n").entries.at(0)->id;
    for (const std::string_view text :
         {"# x\nA=1\n3 3 * * * z\n1 2 * * * a b\n", "\t1  2 *\t* *  a b\n", "-1 2 * * * a b\n",
          "1 2 * * * -n -q a b\n", "1 2 * * * a b", "1 2 * * * a b\r\n"}) {
        CAPTURE(text);
        CHECK(parse_user(text).entries.back()->id == plain);
    }
    for (const std::string_view text :
         {"1 3 * * * a b\n", "1 2 * * * a  b\n", "1 2 * * * a b \n"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_user(text).entries.back()->id == plain);
    }
}

TEST_CASE("identity: equal lines are told apart by their number", "[crontab]") {
    const Table table = parse_user("1 2 * * * a\n* * * * * b\n1  2 * * * a\n1 2 * * * a\n");
    CHECK(table.entries.at(0)->id == JobId::of_line("joe", "/tables/joe", "1 2 * * *", "a", 0));
    CHECK(table.entries.at(2)->id == JobId::of_line("joe", "/tables/joe", "1 2 * * *", "a", 1));
    CHECK(table.entries.at(3)->id == JobId::of_line("joe", "/tables/joe", "1 2 * * *", "a", 2));
}

TEST_CASE("identity: the command counts as written, the user of a system table as owner",
          "[crontab]") {
    const Table table = parse_system("1 2 * * * joe \t date +\\%F%x\n1 2 * * * ann date +\\%F%x\n");
    CHECK(table.entries.at(0)->id ==
          JobId::of_line("joe", "/tables/joe", "1 2 * * *", "date +\\%F%x", 0));
    CHECK(table.entries.at(1)->id ==
          JobId::of_line("ann", "/tables/joe", "1 2 * * *", "date +\\%F%x", 0));
}

TEST_CASE("identity: entries that do not run for an unknown zone keep their numbers", "[crontab]") {
    const Table table = parse_user("CRON_TZ=Nowhere\n1 2 * * * a\nCRON_TZ=\n1 2 * * * a\n");
    REQUIRE(table.entries.size() == 1);
    CHECK(table.entries.at(0)->id == JobId::of_line("joe", "/tables/joe", "1 2 * * *", "a", 1));
}

TEST_CASE("identity: the machine and the job decide a ~, and a reload does not", "[crontab]") {
    const auto minutes_on = [](std::string machine, std::string_view text) {
        Options options = options_of(Kind::user);
        options.machine_id = std::move(machine);
        std::vector<std::uint64_t> out;
        for (const auto& entry : parse(text, options).entries) {
            out.push_back(entry->schedule.fields().minutes);
        }
        return out;
    };
    std::string text;
    for (int i = 0; i < 20; ++i) text += "~ 1 * * * a" + std::to_string(i) + "\n";
    CHECK(minutes_on("one", text) == minutes_on("one", text));
    CHECK(minutes_on("one", text) != minutes_on("two", text));
    const auto equals =
        minutes_on("one", "~ 1 * * * a\n~ 1 * * * a\n~ 1 * * * a\n~ 1 * * * a\n~ 1 * * * a\n");
    CHECK(std::vector<std::uint64_t>(5, equals.at(0)) != equals);
}

// What H chose, in the order of minute, hour and day of month.
struct Choice {
    std::uint64_t minutes = 0;
    std::uint32_t hours = 0;
    std::uint32_t days = 0;

    friend bool operator==(const Choice&, const Choice&) = default;
};

std::map<std::string, Choice> choices_of(const Strings& lines, std::string_view machine) {
    Options options = options_of(Kind::user);
    options.machine_id = machine;
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    std::map<std::string, Choice> found;
    for (const auto& entry : parse(text, options).entries) {
        const schedule::Fields& fields = entry->schedule.fields();
        found[entry->command] = {fields.minutes, fields.hours, fields.days_of_month};
    }
    return found;
}

TEST_CASE("choice: H stays the same where the table is read again, reordered and added to",
          "[crontab]") {
    Strings lines;
    for (int i = 0; i < 100; ++i) lines.push_back("H H H * * job" + std::to_string(i));
    const auto first = choices_of(lines, "one");
    REQUIRE(first.size() == 100);
    CHECK(choices_of(lines, "one") == first);
    std::reverse(lines.begin(), lines.end());
    CHECK(choices_of(lines, "one") == first);
    lines.insert(lines.begin() + 50, {"A=1", "# comment", "H 3 * * * other"});
    auto more = choices_of(lines, "one");
    more.erase("other");
    CHECK(more == first);
    lines.erase(lines.begin() + 10, lines.begin() + 53);
    for (const auto& [command, choice] : choices_of(lines, "one"))
        CHECK(first.at(command) == choice);
}

TEST_CASE("choice: machines and jobs choose apart, and each field for itself", "[crontab]") {
    Strings lines;
    for (int i = 0; i < 2400; ++i) lines.push_back("H H H * * job" + std::to_string(i));
    const auto one = choices_of(lines, "one");
    const auto two = choices_of(lines, "two");
    std::set<std::uint64_t> minutes;
    std::set<std::uint32_t> days;
    int same_minute = 0;
    int same_hour = 0;
    int minute_is_hour = 0;
    for (const auto& [command, choice] : one) {
        minutes.insert(choice.minutes);
        days.insert(choice.days);
        same_minute += choice.minutes == two.at(command).minutes ? 1 : 0;
        same_hour += choice.hours == two.at(command).hours ? 1 : 0;
        minute_is_hour += choice.minutes == choice.hours ? 1 : 0;
    }
    CHECK(minutes.size() == 60);
    CHECK(days.size() == 28);
    // By chance 40, 100 and 40: the bounds are five standard deviations away.
    CHECK((same_minute > 8 && same_minute < 72));
    CHECK((same_hour > 51 && same_hour < 149));
    CHECK((minute_is_hour > 8 && minute_is_hour < 72));
}

TEST_CASE("choice: two in one field of an entry are not the same choice", "[crontab]") {
    Strings lines;
    for (int i = 0; i < 100; ++i) lines.push_back("H,H 1 1 * * job" + std::to_string(i));
    int twice = 0;
    for (const auto& [command, choice] : choices_of(lines, "one")) {
        twice += std::popcount(choice.minutes) == 2 ? 1 : 0;
    }
    CHECK(twice > 80);
}

}  // namespace
}  // namespace cron::crontab
