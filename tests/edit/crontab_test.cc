// crontab FILE, -l, -r, -n and --undo.
#include <fcntl.h>

#include <fstream>
#include <sstream>

#include "edit/judgement.h"
#include "support.h"

namespace cron::edit::test {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

namespace {

using Words = std::vector<std::string>;

constexpr const char* kTable = "0 3 * * * backup\n";

TEST_CASE("crontab: a table is installed from stdin or a file, in silence", "[edit]") {
    Alice alice;
    alice.input = kTable;
    const std::string file = alice.folder.path() + "/table";
    write_file(file, "@daily other\n");
    for (const auto& [arguments, expected] :
         std::vector<std::pair<Words, std::string>>{{{"-"}, kTable},
                                                    {{}, kTable},
                                                    {{file}, "@daily other\n"},
                                                    {{"-u", "alice", file}, "@daily other\n"}}) {
        alice.desk.text.reset();
        const Ended ended = alice.run(arguments);
        CHECK(ended.status == 0);
        CHECK(ended.out.empty());
        CHECK(ended.error.empty());
        CHECK(alice.desk.text == expected);
    }
    CHECK(alice.logged == Words(4, "REPLACE"));
}

TEST_CASE("crontab: a table with errors is not installed, and all of them are shown", "[edit]") {
    Alice alice;
    alice.desk.text = "@daily old\n";
    alice.input = "61 * * * * a\n0 3 * * * fine\n0 25 * * * b\n";
    const Ended ended = alice.run({"-"});
    CHECK(ended.status == 1);
    CHECK(contains(ended.error, "-:1:1: error: minute '61'"));
    CHECK(contains(ended.error, "\n  61 * * * * a\n  ^~\n"));
    CHECK(contains(ended.error, "-:3:3: error: hour '25'"));
    CHECK(contains(ended.error, "crontab: errors in crontab file, can't install\n"));
    CHECK(alice.desk.text == "@daily old\n");
    CHECK(alice.desk.requests == 0);
    CHECK(alice.logged.empty());
}

TEST_CASE("crontab: a warning is shown, and the table is installed", "[edit]") {
    Alice alice;
    alice.input = "CRON_BOGUS=x\n";
    const Ended ended = alice.run({"-"});
    CHECK(ended.status == 0);
    CHECK(contains(ended.error, "-:1:1: warning: "));
    CHECK(alice.desk.text == "CRON_BOGUS=x\n");
}

TEST_CASE("crontab: a missing newline at the end is added, to nothing nothing", "[edit]") {
    Alice alice;
    alice.input = "@daily x";
    CHECK(alice.run({"-"}).status == 0);
    CHECK(alice.desk.text == "@daily x\n");
    alice.input = "";
    CHECK(alice.run({"-"}).status == 0);
    CHECK(alice.desk.text == "");
}

TEST_CASE("crontab: a dry run tells what is wrong and installs nothing", "[edit]") {
    Alice alice;
    for (const char* option : {"-n", "-T"}) {
        alice.input = "61 * * * * a\n";
        CHECK(alice.run({option, "-"}).status == 1);
        alice.input = kTable;
        const Ended good = alice.run({option, "-"});
        CHECK(good.status == 0);
        CHECK(good.error ==
              "crontab: 1 entry without an error for alice; next: backup at Sun 2026-11-22 03:00 "
              "+00:00\n");
    }
    CHECK(alice.desk.requests == 0);
}

TEST_CASE("crontab: -l prints the table byte for byte", "[edit]") {
    Alice alice;
    alice.desk.text = "# \x1b[2J\r\b\xff\n0 3 * * * x";
    const Ended ended = alice.run({"-l"});
    CHECK(ended.status == 0);
    CHECK(ended.out == *alice.desk.text);
    CHECK(ended.error.empty());
    CHECK(alice.logged == Words{"LIST"});
}

TEST_CASE("crontab: without a table -l and -r say so, with status 1", "[edit]") {
    Alice alice;
    for (const char* option : {"-l", "-r"}) {
        const Ended ended = alice.run({option});
        CHECK(ended.status == 1);
        CHECK(ended.out.empty());
        CHECK(ended.error == "no crontab for alice\n");
    }
}

TEST_CASE("crontab: -r removes without a question on a pipe, --undo brings back", "[edit]") {
    Alice alice;
    alice.desk.text = kTable;
    CHECK(alice.run({"-r"}).error.empty());
    CHECK_FALSE(alice.desk.text);
    CHECK(alice.run({"--undo"}).status == 0);
    CHECK(alice.desk.text == kTable);
    CHECK(alice.run({"--undo"}).status == 0);
    CHECK_FALSE(alice.desk.text);
    CHECK(alice.logged == Words{"DELETE", "REPLACE", "DELETE"});
}

TEST_CASE("crontab: -i asks, and only a yes removes", "[edit]") {
    for (const auto& [input, is_removed] : std::vector<std::pair<std::string, bool>>{
             {"y\n", true}, {"Yes\n", true}, {"what?\ny\n", true}, {"n\n", false}, {"", false}}) {
        Alice alice;
        alice.desk.text = kTable;
        alice.input = input;
        const Ended ended = alice.run({"-r", "-i"});
        CHECK(ended.status == 0);
        CHECK(contains(ended.error, "Remove the crontab of alice? (y/n) "));
        CHECK(alice.desk.text.has_value() != is_removed);
    }
}

TEST_CASE("crontab: what an answer full of nonsense asks for ends", "[edit]") {
    Alice alice;
    alice.desk.text = kTable;
    for (int line = 0; line < 10'000; ++line) alice.input += "perhaps\n";
    CHECK(alice.run({"-r", "-i"}).status == 0);
    CHECK(alice.desk.text);
}

TEST_CASE("crontab: without the daemon it says what to do", "[edit]") {
    Alice alice;
    alice.input = kTable;
    alice.desk.no_answer = Error{ErrorCode::not_found, "no crond listens at /run/crond.sock"};
    for (const Words& arguments :
         {Words{"-"}, Words{"-l"}, Words{"-r"}, Words{"--undo"}, Words{"-e"}}) {
        const Ended ended = alice.run(arguments);
        CHECK(ended.status == 1);
        CHECK(contains(ended.error, "crontab: no crond listens at /run/crond.sock; users other "));
    }
    // Nobody knows then whether it was done.
    alice.desk.no_answer = Error{ErrorCode::busy, "crond hung up"};
    CHECK(contains(alice.run({"-"}).error, "crontab -l"));
    CHECK(alice.logged.empty());
}

TEST_CASE("crontab: what the daemon refuses is told, with its diagnostics", "[edit]") {
    Alice alice;
    alice.input = kTable;
    alice.desk.refusal = control::Refusal{};
    alice.desk.refusal->error = {ErrorCode::invalid, "it is \x1b wrong"};
    alice.desk.refusal->diagnostics = {"1:1: error: a\x1b[2J", "2:1: error: b"};
    const Ended ended = alice.run({"-"});
    CHECK(ended.status == 1);
    CHECK(ended.error == "1:1: error: a\\x1b[2J\n2:1: error: b\ncrontab: it is \\x1b wrong\n");
}

TEST_CASE("crontab: a file that cannot be read installs nothing", "[edit]") {
    Alice alice;
    for (const std::string& file : {alice.folder.path() + "/none", alice.folder.path()}) {
        const Ended ended = alice.run({file});
        CHECK(ended.status == 1);
        CHECK(contains(ended.error, file));
    }
    CHECK(alice.desk.requests == 0);
}

TEST_CASE("crontab: a table that cannot be printed is a failure", "[edit]") {
    FakeDesk desk;
    desk.text = kTable;
    const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    const UniqueFd error = memory();
    const Scene scene{
        "alice", std::ref(desk),         Terminal(-1, full.get(), error.get()), {}, kNow, "/tmp",
        {},      [](std::string_view) {}};
    Options options;
    options.command = Command::list;
    CHECK(run(options, scene) == 1);
    CHECK(contains(drain(error.get()), "crontab: write to stdout: No space"));
}

TEST_CASE("crontab: the summary counts entries and names the next one that is due", "[edit]") {
    Scene scene{"alice", {}, Terminal(-1, -1, -1), {}, kNow, "", {}, {}};
    scene.parsing.zone = calendar::Zone::fixed("X", hours{-5});
    scene.parsing.owner = "alice";
    const auto summary = [&](std::string_view text) {
        return summary_of(judge(text, scene), "installed", scene);
    };
    CHECK(summary("# none\n") == "no entries installed for alice");
    CHECK(summary("@reboot x\n") ==
          "1 entry installed for alice; none of them is due at any time to come");
    CHECK(summary("0 9 * * * late\n0 8 * * * early\nCRON_ENABLED=no\n* * * * * off\n") ==
          "3 entries installed for alice; next: early at Sat 2026-11-21 08:00 -05:00");
    const std::string title = summary("* * * * * \x1b[2J" + std::string(100, 'x') + "\n");
    CHECK(contains(title, "; next: \\x1b[2J"));
    CHECK(contains(title, "xxx... at Sat 2026-11-21 07:01 -05:00"));
}

}  // namespace
}  // namespace cron::edit::test
