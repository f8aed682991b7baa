// How mistakes are told: the exact text of typical ones, and its layout.
#include "crontab/diagnostic.h"

#include <catch2/catch.hpp>

#include "base/text.h"
#include "support.h"

namespace cron::crontab {
namespace {

struct Told {
    std::string_view text;
    std::string_view printed;
};

std::string told(const Table& table) {
    std::string out;
    for (const Diagnostic& diagnostic : table.diagnostics) out += print(diagnostic, "t");
    return out;
}

TEST_CASE("diagnostics: typical mistakes in a user's table", "[crontab]") {
    const Told cases[] = {
        {"61 * * * * true", R"(t:1:1: error: minute '61' is not a list of values from 0 to 59
  61 * * * * true
  ^~
)"},
        {"* * * * * * true", R"(t:1:11: error: a sixth field '*': crons disagree on what it means
  * * * * * * true
            ^
hint: a schedule has five fields, then comes the command: write CRON_SECONDS=yes above the line if the first is seconds, or remove one field
)"},
        {"* * * * *", R"(t:1:10: error: no command
  * * * * *
           ^
)"},
        {"@nightly true", R"(t:1:1: error: '@nightly' is not a nickname
  @nightly true
  ^~~~~~~~
hint: the nicknames are @yearly @annually @monthly @weekly @daily @midnight @hourly @reboot, and @every with a duration
)"},
        {"\n  FOO=\"bar", R"(t:2:7: error: the quote " is never closed
    FOO="bar
        ^~~~
hint: end the value with "
)"},
        {"FOO=\"a\" # c", R"(t:1:9: error: text after the closing quote of the value
  FOO="a" # c
          ^~~
hint: a comment needs a line of its own
)"},
        {"FOO=\"a\\\"b\"",
         R"(t:1:9: error: text after the closing quote of the value
  FOO="a\"b"
          ^~
hint: a value that begins with a quote ends with it, and knows no \"; put the other quote round a value that holds "
)"},
        {"export FOO=bar",
         R"(t:1:1: error: 'export' is a command of the shell and means nothing in a table
  export FOO=bar
  ^~~~~~
hint: write NAME=value
)"},
        {"CRON_TZ = Mars\n* * * * * a",
         R"(t:1:11: error: no zone 'Mars'; the entry below it does not run
  CRON_TZ = Mars
            ^~~~
hint: CRON_TZ is the zone in which the schedules below are read; CRON_TZ="" is the default
)"},
        {"CRON_TX=Mars", R"(t:1:1: warning: there is no setting 'CRON_TX': it is passed to the jobs
  CRON_TX=Mars
  ^~~~~~~
hint: the nearest is CRON_TZ: the zone in which the schedules below are read
)"},
        {"* * * * * -x true", R"(t:1:11: error: '-x' is not one of the flags -n, -q and -s
  * * * * * -x true
            ^~
hint: a command cannot begin with '-'
)"},
        {"* * * * * root /bin/a", R"(t:1:11: warning: 'root' is run as a command here
  * * * * * root /bin/a
            ^~~~
hint: a user's table has no user column
)"},
        {"CRON_SECONDS=on\n0 * * * * * a",
         R"(t:1:14: error: 'on' is neither yes nor no; the entry below it does not run
  CRON_SECONDS=on
               ^~
hint: CRON_SECONDS is yes where the schedules below begin with the second; CRON_SECONDS="" is the default, no
)"},
        {"CRON_SECONDS=yes\n*/5 * * * * true",
         R"(t:2:1: error: five fields, where CRON_SECONDS=yes asks for six
  */5 * * * * true
  ^~~~~~~~~~~
hint: the second comes first: write '0 */5 * * * *', or CRON_SECONDS=no above the line
)"},
        {"CRON_SECONDS=yes\n0 0 12 * * ? 2026 true",
         R"(t:2:14: error: a seventh field '2026': a schedule has no year
  0 0 12 * * ? 2026 true
               ^~~~
hint: with CRON_SECONDS=yes a schedule has six fields, then comes the command: remove one field
)"},
        {"0 0 31 2 * true",
         R"(t:1:5: warning: this is never due: February has no 31st
  0 0 31 2 * true
      ^~~~
hint: 'L' is the last day of every month
)"},
        {"LOGNAME=x",
         R"(t:1:1: warning: LOGNAME is always the user of the job: this line has no effect
  LOGNAME=x
  ^~~~~~~
)"},
        {"A=1\r\n",
         R"(t:1:4: warning: the line ends with a carriage return, which is dropped here and below
  A=1
     ^
hint: save the table with Unix line ends: other crons pass it on to the command
)"},
    };
    for (const Told& c : cases) {
        CAPTURE(c.text);
        CHECK(told(parse_user(c.text)) == c.printed);
    }
}

TEST_CASE("diagnostics: typical mistakes in a system table", "[crontab]") {
    const Told cases[] = {
        {"* * * * * /usr/bin/foo x", R"(t:1:11: error: '/usr/bin/foo' is not the name of a user
  * * * * * /usr/bin/foo x
            ^~~~~~~~~~~~
hint: a system table needs a user before the command, such as root
)"},
        {"10 4 * * * *  planet-user tmpwatch",
         R"(t:1:12: error: a sixth field '*': crons disagree on what it means
  10 4 * * * *  planet-user tmpwatch
             ^
hint: a schedule has five fields, then come the user and the command: write CRON_SECONDS=yes above the line if the first is seconds, or remove one field
)"},
        {"* * * * * reboot", R"(t:1:17: error: no command after the user 'reboot'
  * * * * * reboot
                  ^
hint: a system table needs a user before the command
)"},
    };
    for (const Told& c : cases) {
        CAPTURE(c.text);
        CHECK(told(parse_system(c.text)) == c.printed);
    }
}

TEST_CASE("print: the caret stands under its column behind tabs and UTF-8", "[crontab]") {
    CHECK(told(parse_user("\t0\t24 * * * x\ty")) ==
          "t:1:4: error: hour '24' is not a list of values from 0 to 23\n"
          "          0       24 * * * x      y\n"
          "                  ^~\n");
    Diagnostic diagnostic;
    diagnostic.line = 7;
    diagnostic.source = "\xC3\xA1\xE2\x82\xAC x";
    diagnostic.begin = 6;
    diagnostic.end = 7;
    diagnostic.message = "m";
    CHECK(print(diagnostic, "t") == "t:7:7: error: m\n  \xC3\xA1\xE2\x82\xAC x\n     ^\n");
    diagnostic.begin = 0;
    CHECK(print(diagnostic, "t") == "t:7:1: error: m\n  \xC3\xA1\xE2\x82\xAC x\n  ^~~~\n");
}

TEST_CASE("print: no control byte of the table or its name reaches the output", "[crontab]") {
    const Table table = parse_user("a\x1b[31m\x07 * * * * x\x9b\xff\n");
    REQUIRE(table.diagnostics.size() == 1);
    CHECK(print(table.diagnostics[0], "t\n\x1b") ==
          "t\\x0a\\x1b:1:1: error: minute 'a\\x1b[31m\\x07' is not a list of values from 0 to 59\n"
          "  a\\x1b[31m\\x07 * * * * x\\x9b\\xff\n"
          "  ^~~~~~~~~~~~~\n");
}

TEST_CASE("print: a long line is cut round the caret", "[crontab]") {
    const std::string many(1'000, 'v');
    CHECK(told(parse_user("A='" + many + "' b" + many)) ==
          "t:1:1006: error: text after the closing quote of the value\n"
          "  ..." +
              std::string(58, 'v') + "' b" + std::string(39, 'v') + "...\n" +
              std::string(2 + 3 + 60, ' ') + "^" + std::string(39, '~') + "\n" +
              "hint: a value that begins with a quote ends with it, and knows no \\'; put the "
              "other quote round a "
              "value that holds '\n");
}

TEST_CASE("diagnostics: a long line is cut between UTF-8 characters", "[crontab]") {
    std::string euros;
    for (int i = 0; i < 300; ++i) euros += "\u20ac";
    for (const char* begin : {"", "a", "aa"}) {
        for (const char* end : {"", "b", "bb"}) {
            const std::string line = std::string("A='") + begin + euros + end + "' b" + euros;
            const Table table = parse_user(line);
            REQUIRE(table.diagnostics.size() == 1);
            const Diagnostic& diagnostic = table.diagnostics[0];
            CHECK(is_utf8(diagnostic.source));
            CHECK(line.compare(diagnostic.source_begin, diagnostic.source.size(),
                               diagnostic.source) == 0);
            CHECK(print(diagnostic, "t").find("\\x") == std::string::npos);
        }
    }
}

TEST_CASE("print: what concerns the whole table has no line", "[crontab]") {
    Diagnostic diagnostic;
    diagnostic.message = "m";
    diagnostic.hint = "h";
    CHECK(print(diagnostic, "t") == "t: error: m\nhint: h\n");
    CHECK(print_line(diagnostic, "t") == "t: error: m (h)");
}

TEST_CASE("print_line: all on one line, the hint in brackets", "[crontab]") {
    const Table table = parse_user("CRON_TX=1\n\n * * * * *\n");
    REQUIRE(table.diagnostics.size() == 2);
    CHECK(print_line(table.diagnostics[0], "/t") ==
          "/t:1:1: warning: there is no setting 'CRON_TX': it is passed to the jobs "
          "(the nearest is CRON_TZ: the zone in which the schedules below are read)");
    CHECK(print_line(table.diagnostics[1], "/t") == "/t:3:11: error: no command");
}

}  // namespace
}  // namespace cron::crontab
