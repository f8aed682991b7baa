#include "ctl/options.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::ctl {
namespace {

Result<Options> parse(const std::vector<const char*>& arguments) {
    return parse_options(arguments, "/home/alice");
}
std::string error(const std::vector<const char*>& arguments) {
    const auto options = parse(arguments);
    REQUIRE_FALSE(options);
    return options.error().message;
}

}  // namespace

TEST_CASE("options: what is given is kept as it was written", "[ctl]") {
    const auto next =
        parse({"next", "--count", "3", "--from=2026-03-08", "--until", "now", "--zone",
               "Europe/Berlin", "--seconds", "--previous", "--marks", "--json", "* * * * *"});
    REQUIRE(next);
    CHECK(next->command == Command::next);
    CHECK(next->count == 3);
    CHECK(next->from == "2026-03-08");
    CHECK(next->until == "now");
    CHECK(next->zone == "Europe/Berlin");
    CHECK(next->seconds);
    CHECK(next->previous);
    CHECK(next->marks);
    CHECK(next->json);
    CHECK(next->what == std::vector<std::string>{"* * * * *"});

    const auto simulate = parse({"simulate", "a", "b", "--from", "x", "--until", "y", "--run-time",
                                 "90s", "--chart", "--as=alice", "--root", "/", "c"});
    CHECK_FALSE(simulate);  // --as is for one file
    const auto chart = parse({"simulate", "a", "b", "--from", "x", "--until", "y", "--run-time",
                              "1m30s", "--chart", "--system", "--root", "/"});
    REQUIRE(chart);
    CHECK(chart->run_time == seconds{90});
    CHECK(chart->chart);
    CHECK(chart->root.empty());
    CHECK(chart->what == std::vector<std::string>{"a", "b"});
}

TEST_CASE("options: a file or a schedule may be called as a command or an option is", "[ctl]") {
    const auto options = parse({"check", "--", "next", "--json", "-"});
    REQUIRE(options);
    CHECK(options->what == std::vector<std::string>{"next", "--json", "-"});
    CHECK(parse({"next", "check"})->what == std::vector<std::string>{"check"});
    CHECK(parse({"check", "-"})->what == std::vector<std::string>{"-"});
}

TEST_CASE("options: each command has its own, and the help of each names them all", "[ctl]") {
    const std::vector<std::pair<const char*, std::vector<const char*>>> commands = {
        {"next",
         {"--count", "--from", "--until", "--zone", "--system", "--seconds", "--previous",
          "--marks", "--json", "--as", "--root", "'SCHEDULE' | FILE"}},
        {"explain", {"--zone", "--from", "--seconds", "--json", "'SCHEDULE'..."}},
        {"check", {"--system", "--json", "--from", "--as", "FILE..."}},
        {"simulate",
         {"--from", "--until", "--run-time", "--chart", "--system", "--json", "FILE..."}}};
    for (const auto& [command, names] : commands) {
        const auto help = parse({command, "--help"});
        REQUIRE(help);
        REQUIRE(help->notice);
        for (const char* name : names) {
            INFO(command << ' ' << name);
            CHECK(contains(*help->notice, name));
        }
        for (const std::string& line : lines_of(*help->notice)) CHECK(line.size() <= 100);
    }
    CHECK(contains(error({"explain", "--count", "1", "@daily"}), "--count"));
    CHECK(contains(error({"check", "--marks", "x"}), "--marks"));
}

TEST_CASE("options: --help and --version of the whole", "[ctl]") {
    for (const char* name : {"next", "explain", "check", "simulate"})
        CHECK(contains(*parse({"--help"})->notice, name));
    CHECK(parse({"-h"})->notice == parse({"--help"})->notice);
    CHECK(contains(*parse({"--version"})->notice, "cronctl (belfry) "));
    CHECK(parse({"-V"})->notice == parse({"--version"})->notice);
}

TEST_CASE("options: what is wrong is said in one clause", "[ctl]") {
    CHECK(contains(error({}), "next, explain, check, simulate"));
    CHECK(contains(error({"nxt"}), "'nxt' is not a command"));
    CHECK(contains(error({"\x1b[2J"}), "\\x1b"));
    CHECK(contains(error({"next"}), "a schedule or a file is missing"));
    CHECK(contains(error({"explain"}), "a schedule is missing"));
    CHECK(contains(error({"check"}), "a file is missing"));
    CHECK(contains(error({"simulate", "x", "--from", "now"}), "--until"));
    CHECK(contains(error({"next", "--count", "-1", "@daily"}), "--count"));
    CHECK(contains(error({"next", "--count", "1e3", "@daily"}), "'1e3' is not a number"));
    CHECK(contains(error({"next", "--bogus", "@daily"}), "--bogus"));
    CHECK(contains(error({"simulate", "x", "--from", "a", "--until", "b", "--run-time", "5"}),
                   "'5' is not a duration"));
    CHECK(contains(error({"check", "--as", "alice", "--system", "x"}), "--as"));
    CHECK(contains(error({"check", "--as", "alice", "x", "y"}), "one file"));
    CHECK(contains(error({"check", "--as", "../alice", "x"}), "not the name of a user"));
}

TEST_CASE("options: an empty value behind = does not take the next argument", "[ctl]") {
    for (const char* option : {"--root=", "--from=", "--zone=", "--as=", "--json="})
        CHECK(error({"check", option, "bad", "good"}) ==
              std::string(option) + " is without a value");
    CHECK(parse({"check", "--", "--root="})->what == std::vector<std::string>{"--root="});
}

TEST_CASE("options: a name in brackets is one file", "[ctl]") {
    const auto options = parse({"check", "[x]", "[x,y]", "[]", "--", "[z]"});
    REQUIRE(options);
    CHECK(options->what == std::vector<std::string>{"[x]", "[x,y]", "[]", "[z]"});
    CHECK(parse({"next", "--from", "[x,y]", "@daily"})->from == "[x,y]");
}

TEST_CASE("options: --root is the folder that it is for crond", "[ctl]") {
    for (const char* root : {"R", "R/", "/home/alice/R", "/home/alice/R//"})
        CHECK(parse({"check", "--root", root, "x"})->root == "/home/alice/R");
    CHECK(parse({"check", "--root", "//", "x"})->root.empty());
    CHECK(error({"check", "--root", "", "x"}) == "--root is an empty path");
}

TEST_CASE("options: --system alone is enough: it is the whole machine", "[ctl]") {
    CHECK(parse({"check", "--system"}));
    CHECK(parse({"next", "--system"}));
    CHECK(parse({"simulate", "--system", "--from", "a", "--until", "b"}));
    CHECK_FALSE(parse({"explain", "--system"}));
}

}  // namespace cron::ctl
