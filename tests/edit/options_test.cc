#include "edit/options.h"

#include "support.h"

namespace cron::edit::test {
namespace {

using Words = std::vector<std::string>;

Result<Options> parse(const Words& words) {
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    return parse_options(pointers, "/here");
}

TEST_CASE("options of crontab: each operation has its letter, letters can be joined", "[edit]") {
    const std::vector<std::pair<Words, Command>> operations = {
        {{}, Command::install},
        {{"table"}, Command::install},
        {{"-"}, Command::install},
        {{"-l"}, Command::list},
        {{"-e"}, Command::edit},
        {{"-r"}, Command::remove},
        {{"-ir"}, Command::remove},
        {{"-n", "table"}, Command::check},
        {{"-T", "table"}, Command::check},
        {{"--undo"}, Command::undo},
        {{"-l", "-l"}, Command::list},
        {{"-x", "sch,load", "-l"}, Command::list}};
    for (const auto& [words, command] : operations) {
        const auto options = parse(words);
        REQUIRE(options);
        CHECK(options->command == command);
    }
}

TEST_CASE("options of crontab: a user is found as getopt would", "[edit]") {
    for (const Words& words : {Words{"-u", "alice", "-l"}, Words{"-l", "-u", "alice"},
                               Words{"-lu", "alice"}, Words{"-ualice", "-l"}, Words{"-lualice"}}) {
        const auto options = parse(words);
        REQUIRE(options);
        CHECK(options->command == Command::list);
        CHECK(options->user == "alice");
    }
    const auto options = parse({"table", "-u", "-l"});
    REQUIRE(options);
    CHECK(options->user == "-l");
    CHECK(options->file == "table");
}

TEST_CASE("options of crontab: what follows -- is a file", "[edit]") {
    const auto options = parse({"--", "-l"});
    REQUIRE(options);
    CHECK(options->command == Command::install);
    CHECK(options->file == "-l");
}

TEST_CASE("options of crontab: --root goes before the machine's paths", "[edit]") {
    CHECK(parse({"--root", "/a/b/", "-l"})->root == "/a/b");
    CHECK(parse({"--root=x", "-l"})->root == "/here/x");
    CHECK(parse({"--root", "/", "-l"})->root.empty());
}

TEST_CASE("options of crontab: what cannot be meant is refused", "[edit]") {
    const std::vector<std::pair<Words, std::string>> wrong = {
        {{"-l", "-r"}, "only one operation permitted"},
        {{"-le"}, "only one operation permitted"},
        {{"-e", "--undo"}, "only one operation permitted"},
        {{"-l", "table"}, "goes with no other operation"},
        {{"a", "b"}, "only one file"},
        {{"-u"}, "-u needs a value"},
        {{"-u", ""}, "-u needs a value"},
        {{"-q"}, "-q is not an option"},
        {{"-\x1b"}, "-\\x1b is not an option"},
        {{"-s", "table"}, "-s is not supported"},
        {{"-c"}, "-c is not supported"},
        {{"--undone"}, "--undone is not an option"},
        {{"--undo=yes"}, "--undo is not an option with a value"},
        {{"--root"}, "--root needs a folder"},
        {{"--root="}, "--root"}};
    for (const auto& [words, part] : wrong) {
        const auto options = parse(words);
        REQUIRE_FALSE(options);
        CHECK(contains(options.error().message, part));
    }
}

TEST_CASE("options of crontab: help and version are printed and nothing done", "[edit]") {
    for (const char* word : {"-h", "--help"}) CHECK(parse({word})->notice == usage());
    for (const char* word : {"-V", "--version"})
        CHECK(contains(parse({word})->notice.value_or(""), "crontab (belfry) "));
}

}  // namespace
}  // namespace cron::edit::test
