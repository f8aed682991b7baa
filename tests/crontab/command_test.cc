// Percent signs, backslashes and flags.
#include "crontab/command.h"

#include <catch2/catch.hpp>

namespace cron::crontab {
namespace {

struct SplitCase {
    std::string_view text;
    std::string_view command;
    std::string_view input;
};

TEST_CASE("command: the first % parts command and input, in every flavour", "[crontab]") {
    const SplitCase cases[] = {
        {"echo", "echo", ""},
        {"cat%a", "cat", "a\n"},
        {"cat%a%b", "cat", "a\nb\n"},
        {"cat%a\\%b", "cat", "a%b\n"},
        {"cat%", "cat", ""},
        {"cat%%", "cat", "\n"},
        {"cat%%%", "cat", "\n\n"},
        {"cat%b %c\\%d%", "cat", "b \nc%d\n"},
        {"cat%b % c\\%d%%", "cat", "b \n c%d\n\n"},
        {"echo a; cat%b%c\\%d", "echo a; cat", "b\nc%d\n"},
        {"echo a\\%b\\%c", "echo a%b%c", ""},
        {"echo '%'", "echo '", "'\n"},
        {"date +\\%F \\x \\", "date +%F \\x \\", ""},
        {"cat%l1%l2 \\% x", "cat", "l1\nl2 % x\n"},
        {"cat%a\\\\b\\x\\", "cat", "a\\\\b\\x\\\n"},
        {"cat%a\\\\%b", "cat", "a\\%b\n"},
    };
    for (const Flavour flavour : {Flavour::debian, Flavour::cronie}) {
        for (const SplitCase& c : cases) {
            CAPTURE(c.text);
            const CommandText parts = split_command(c.text, flavour);
            CHECK(parts.command == c.command);
            CHECK(parts.input == c.input);
        }
    }
}

TEST_CASE("command: two backslashes are one for Debian's cron and two for cronie", "[crontab]") {
    const SplitCase debian[] = {
        {"'\\% \\\\ \\\\% \\x'", "'% \\ \\", " \\x'\n"},
        {"a\\\\b", "a\\b", ""},
        {"a\\\\\\%b", "a\\%b", ""},
        {"a\\\\\\\\b", "a\\\\b", ""},
    };
    const SplitCase cronie[] = {
        {"'\\% \\\\ \\\\% \\x'", "'% \\\\ \\\\", " \\x'\n"},
        {"a\\\\b", "a\\\\b", ""},
        {"a\\\\\\%b", "a\\\\%b", ""},
        {"a\\\\\\\\b", "a\\\\\\\\b", ""},
    };
    for (const SplitCase& c : debian) {
        CAPTURE(c.text);
        CHECK(split_command(c.text, Flavour::debian).command == c.command);
        CHECK(split_command(c.text, Flavour::debian).input == c.input);
    }
    for (const SplitCase& c : cronie) {
        CAPTURE(c.text);
        CHECK(split_command(c.text, Flavour::cronie).command == c.command);
        CHECK(split_command(c.text, Flavour::cronie).input == c.input);
    }
}

TEST_CASE("flags: -n, -q and -s, joined or apart, before the command", "[crontab]") {
    struct Case {
        std::string_view text;
        std::size_t length;
        std::string_view set;
    };
    const Case cases[] = {
        {"cmd", 0, ""},       {"-n cmd", 3, "n"},         {"-q\tcmd", 3, "q"}, {"-s   cmd", 5, "s"},
        {"-ns cmd", 4, "ns"}, {"-n -q -s cmd", 9, "nqs"}, {"-qq cmd", 4, "q"}, {"-n", 2, "n"},
        {"cmd -n", 0, ""},    {"-n cmd -q", 3, "n"},      {"", 0, ""},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        const auto flags = read_flags(c.text);
        REQUIRE(flags);
        CHECK(flags->length == c.length);
        CHECK(flags->mail_on_failure_only == (c.set.find('n') != std::string_view::npos));
        CHECK(flags->quiet == (c.set.find('q') != std::string_view::npos));
        CHECK(flags->single == (c.set.find('s') != std::string_view::npos));
    }
}

TEST_CASE("flags: any other is an error at its column", "[crontab]") {
    struct Case {
        std::string_view text;
        std::size_t begin;
        std::size_t end;
    };
    for (const Case& c :
         {Case{"-x cmd", 0, 2}, {"-n -nx cmd", 3, 6}, {"- cmd", 0, 1}, {"-", 0, 1}, {"--", 0, 2}}) {
        CAPTURE(c.text);
        const auto flags = read_flags(c.text);
        REQUIRE_FALSE(flags);
        CHECK(flags.error().begin == c.begin);
        CHECK(flags.error().end == c.end);
    }
}

}  // namespace
}  // namespace cron::crontab
