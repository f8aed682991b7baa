// NAME=value lines, as load_env of Vixie cron and its heirs reads them.
#include "crontab/assignment.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::crontab {
namespace {

TEST_CASE("assignment: names, quotes and blanks", "[crontab]") {
    struct Case {
        std::string_view line;
        std::string_view name;
        std::string_view value;
    };
    const Case cases[] = {
        {"FOO=bar", "FOO", "bar"},
        {"FOO = bar baz  ", "FOO", "bar baz"},
        {"FOO\t=\tbar\t", "FOO", "bar"},
        {"FOO=\"bar baz \"", "FOO", "bar baz "},
        {"FOO='bar'  ", "FOO", "bar"},
        {"\"FOO\"=bar", "FOO", "bar"},
        {"'F O' = bar", "F O", "bar"},
        {"FOO=bar\"", "FOO", "bar\""},
        {"FOO=a'b'c", "FOO", "a'b'c"},
        {"FOO='a\"b'", "FOO", "a\"b"},
        {"FOO=\"a'b\"", "FOO", "a'b"},
        {"FOO=a # c", "FOO", "a # c"},
        {"FOO=", "FOO", ""},
        {"FOO =  ", "FOO", ""},
        {"FOO=\"\"", "FOO", ""},
        {"FOO=''", "FOO", ""},
        {"FOO=$HOME/x", "FOO", "$HOME/x"},
        {"PATH=~/bin:$PATH", "PATH", "~/bin:$PATH"},
        {"FOO=a=b", "FOO", "a=b"},
        {"FOO==", "FOO", "="},
        {"FOO=\\", "FOO", "\\"},
        {"FOO=50% \\%", "FOO", "50% \\%"},
        {"FOO+=x", "FOO+", "x"},
        {"1FOO=x", "1FOO", "x"},
        {"=bar", "", "bar"},
        {"''=bar", "", "bar"},
        {"5=5 * * * * c", "5", "5 * * * * c"},
        {"MAILTO=root HOME=/", "MAILTO", "root HOME=/"},
        {"F\"O=x", "F\"O", "x"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.line);
        const auto read = read_assignment(c.line);
        REQUIRE(read);
        REQUIRE(*read);
        CHECK((*read)->name == c.name);
        CHECK((*read)->value == c.value);
    }
}

TEST_CASE("assignment: what is none is left to be an entry", "[crontab]") {
    for (const std::string_view line :
         {"* * * * * c", "*/5 * * * * FOO=bar c", "@daily FOO=bar c", "FOO", "FOO BAR=x",
          "\"F=O\"=x", "\"FOO=x", "1 =\"a\"b", "@daily =\"x\" y", "export", "", "'", "\"\""}) {
        CAPTURE(line);
        const auto read = read_assignment(line);
        REQUIRE(read);
        CHECK_FALSE(*read);
    }
}

TEST_CASE("assignment: one that fails in its value is an error there", "[crontab]") {
    struct Case {
        std::string_view line;
        std::size_t begin;
        std::string_view message;
    };
    const Case cases[] = {
        {"FOO=\"bar", 4, "the quote \" is never closed"},
        {"FOO = 'bar", 6, "the quote ' is never closed"},
        {"FOO=\"", 4, "the quote \" is never closed"},
        {"FOO=\"a\"b", 7, "text after the closing quote of the value"},
        {"FOO=\"a\" # c", 8, "text after the closing quote of the value"},
        {"FOO=\"a\\\"b\"", 8, "text after the closing quote of the value"},
        {"\"FOO\"=\"a\"b", 9, "text after the closing quote of the value"},
        {"export FOO=bar", 0, "'export' is a command of the shell and means nothing in a table"},
        {"setenv\tFOO bar", 0, "'setenv' is a command of the shell and means nothing in a table"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.line);
        const auto read = read_assignment(c.line);
        REQUIRE_FALSE(read);
        CHECK(read.error().name == "FOO");
        CHECK(read.error().finding.begin == c.begin);
        CHECK(read.error().finding.message == c.message);
    }
}

TEST_CASE("assignment: it holds for the lines below until set again", "[crontab]") {
    const Table table =
        parse_user("* * * * * a\nA=1\n* * * * * b\nB=2\nA=3\n* * * * * c\nA=\n* * * * * d\n");
    REQUIRE(table.entries.size() == 4);
    CHECK(variables(*table.entries[0]).empty());
    CHECK(variables(*table.entries[1]) == Strings{"A=1"});
    CHECK(variables(*table.entries[2]) == Strings{"A=3", "B=2"});
    CHECK(variables(*table.entries[3]) == Strings{"A=", "B=2"});
    CHECK(*find(*table.entries[2]->environment, "A") == "3");
    CHECK(find(*table.entries[2]->environment, "C") == nullptr);
}

TEST_CASE("assignment: names without effect, or that no shell can read, are warned of",
          "[crontab]") {
    const Table table = parse_user(
        "LOGNAME=evil\nUSER=evil\nFOO+=x\n 1FOO=x\n'F O'=x\n=x\nlogname=x\n* * * * * a\n");
    CHECK(places(table) == Strings{"1:1 warning ignored-name", "2:1 warning ignored-name",
                                   "3:1 warning odd-name", "4:2 warning odd-name",
                                   "5:2 warning odd-name", "6:1 error bad-assignment"});
    CHECK(variables(*table.entries.at(0)) ==
          Strings{"LOGNAME=evil", "USER=evil", "FOO+=x", "1FOO=x", "F O=x", "logname=x"});
}

TEST_CASE("assignment: a name that no entry takes is warned of", "[crontab]") {
    const Table table = parse_user(
        "CRON_NAME=a\n CRON_NAME=b\n* * * * * x\nCRON_NAME=c\nCRON_NAME=\"\"\n"
        "CRON_NAME=d\n* * * * bad\nCRON_NAME=no name\n* * * * * y\nCRON_NAME=e\n# end\n");
    CHECK(places(table) == Strings{"1:1 warning unused-name", "4:1 warning unused-name",
                                   "7:9 error bad-schedule", "8:11 error bad-setting",
                                   "10:1 warning unused-name"});
}

TEST_CASE("assignment: what a job is told of its run cannot be set", "[crontab]") {
    const Table table =
        parse_user("CRON_JOB=a\nCRON_RUN=b\nCRON_DUE=c\nCRON_ATTEMPT=d\n* * * * * a\n");
    CHECK(places(table) == Strings{"1:1 warning ignored-name", "2:1 warning ignored-name",
                                   "3:1 warning ignored-name", "4:1 warning ignored-name"});
    CHECK(table.diagnostics.at(0).message ==
          "CRON_JOB is always set by cron, for each run: this line has no effect");
}

}  // namespace
}  // namespace cron::crontab
