// crond called as supercronic, as the user of an image would.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "machine.h"

using namespace cron::system_test;

namespace {

std::vector<std::string> compat(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {BELFRY_CROND, "--compat", "supercronic"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

// With its streams in files of `root`: /out and /err.
std::vector<std::string> apart(const TempRoot& root, const std::vector<std::string>& arguments) {
    std::vector<std::string> shell = {
        "/bin/sh", "-c", "exec \"$@\" >" + root.path("/out") + " 2>" + root.path("/err"), "sh"};
    shell.insert(shell.end(), arguments.begin(), arguments.end());
    return shell;
}

std::vector<nlohmann::json> objects(const std::string& text) {
    std::vector<nlohmann::json> found;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        auto object = nlohmann::json::parse(text.substr(begin, end - begin), nullptr, false);
        if (!object.is_discarded()) found.push_back(std::move(object));
        begin = end + 1;
    }
    return found;
}

const nlohmann::json* find(const std::vector<nlohmann::json>& lines, const std::string& command,
                           const std::string& message) {
    for (const nlohmann::json& line : lines) {
        if (line.value("job.command", "") == command && line.value("msg", "") == message) {
            return &line;
        }
    }
    return nullptr;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("supercronic: with -json each line has its keys, and ours", "[system]") {
    const TempRoot root;
    root.write("/tab",
               "WORD=hello\n"
               "* * * * * * * echo \"$WORD <&>\"; echo oops >&2; exit 3\n"
               "* * * * * * 2020-2099 true\n"
               "* * * * * * * kill -9 $$\n"
               "* * * * * 2020 never\n");
    Process crond(compat({"-json", root.path("/tab")}));
    REQUIRE(crond.writes("\"msg\":\"job succeeded\"", 2));
    REQUIRE(crond.writes("\"msg\":\"error running command: exit status 3\"", 2));
    REQUIRE(crond.writes("\"msg\":\"error running command: signal: killed\""));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    const auto lines = objects(crond.output());
    const std::string failing = "echo \"$WORD <&>\"; echo oops >&2; exit 3";
    const auto* const line = find(lines, failing, "hello <&>");
    REQUIRE(line != nullptr);
    CHECK(line->at("channel") == "stdout");
    CHECK(line->at("iteration") == 0);
    CHECK(line->at("job.position") == 0);
    CHECK(line->at("job.schedule") == "* * * * * * *");
    CHECK(line->at("level") == "info");
    CHECK(line->contains("time"));
    CHECK(line->contains("run"));
    CHECK(has(crond.output(), "\"msg\":\"hello \\u003c\\u0026\\u003e\""));
    const auto* const error = find(lines, failing, "oops");
    REQUIRE(error != nullptr);
    CHECK(error->at("channel") == "stderr");
    CHECK(error->at("level") == "info");
    const auto* const end = find(lines, failing, "error running command: exit status 3");
    REQUIRE(end != nullptr);
    CHECK(end->at("level") == "error");
    CHECK(end->at("exit_status") == 3);
    CHECK(find(lines, "true", "starting")->at("job.position") == 1);
    for (const char* message :
         {"received terminated, shutting down", "waiting for jobs to finish", "exiting"}) {
        INFO(message);
        CHECK(find(lines, "", message) != nullptr);
    }
    CHECK(find(lines, "", "read crontab: " + root.path("/tab")) != nullptr);
}

TEST_CASE("supercronic: a job that lives is not started again, unless with -overlapping",
          "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * sleep 600\n");
    {
        Process crond(compat({root.path("/tab")}));
        REQUIRE(crond.writes("not starting: job is still running since ", 2));
        CHECK(crond.count("msg=starting") == 1);
        crond.signal(SIGINT);
        CHECK(crond.wait() == 0);
        CHECK(has(crond.output(), "received interrupt, shutting down"));
    }
    Process crond(compat({"-overlapping", root.path("/tab")}));
    REQUIRE(crond.writes("msg=starting", 2));
    CHECK(crond.writes("overlapping jobs: job is still running since "));
    crond.signal(SIGQUIT);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: the crontab is read again on USR2 only, and nothing waits for it",
          "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * sleep 600\n* * * * * * * true\n");
    Process crond(compat({root.path("/tab")}));
    REQUIRE(crond.writes("msg=\"job succeeded\" iteration=1 job.command=true job.position=1"));
    root.write("/tab", "* * * * * * * true\n* * * * * * * echo new\n");
    REQUIRE(crond.writes("msg=\"job succeeded\" iteration=3 job.command=true job.position=1"));
    CHECK_FALSE(has(crond.output(), "msg=new"));
    crond.signal(SIGUSR2);
    REQUIRE(crond.writes("received user defined signal 2, reloading crontab"));
    REQUIRE(crond.writes("msg=new channel=stdout iteration=0"));
    REQUIRE(crond.writes("iteration=5 job.command=true job.position=0"));
    CHECK_FALSE(has(crond.output(), "iteration=0 job.command=true job.position=0"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: -split-logs parts the lines by their level", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * echo fine; exit 1\n");
    Process crond(apart(root, compat({"-split-logs", root.path("/tab")})));
    REQUIRE(eventually([&] { return has(root.read("/err"), "exit status 1"); }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    const std::string out = root.read("/out");
    const std::string err = root.read("/err");
    CHECK(has(out, "msg=fine"));
    CHECK(has(out, "msg=starting"));
    CHECK(has(out, "msg=exiting"));
    CHECK_FALSE(has(out, "level=error"));
    CHECK_FALSE(has(err, "level=info"));
}

TEST_CASE("supercronic: -passthrough-logs leaves what jobs print as it is", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * echo fine; echo bad >&2\n");
    Process crond(apart(root, compat({"-passthrough-logs", root.path("/tab")})));
    REQUIRE(eventually([&] { return has(root.read("/err"), "job succeeded"); }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(root.lines("/out").front() == "fine");
    CHECK(has('\n' + root.read("/err"), "\nbad\n"));
    CHECK_FALSE(has(root.read("/err"), "msg=bad"));
}

TEST_CASE("supercronic: -quiet tells of warnings and errors only", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * echo fine; exit 1\n");
    Process crond(compat({"-quiet", "-debug", root.path("/tab")}));
    REQUIRE(crond.writes("exit status 1", 2));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK_FALSE(has(crond.output(), "level=info"));
    CHECK_FALSE(has(crond.output(), "level=debug"));
}

TEST_CASE("supercronic: -test, and a start with a bad crontab, end with 1", "[system]") {
    const TempRoot root;
    root.write("/good", "* * * * * * * true\n");
    root.write("/bad", "* * * * * * * true\n61 * * * * true\n");
    {
        Process test(compat({"-test", root.path("/good")}));
        CHECK(test.wait() == 0);
        CHECK(test.writes("msg=\"crontab is valid\""));
    }
    for (const std::string& table : {root.path("/bad"), root.path("/missing")}) {
        for (const bool is_test : {true, false}) {
            INFO(table << ' ' << is_test);
            Process crond(compat({is_test ? "-test" : "-json=0", table}));
            CHECK(crond.wait() == 1);
            const bool is_there = table == root.path("/bad");
            CHECK(crond.writes("level=fatal msg=\"" + (is_there || is_test
                                                           ? "bad crontab: " + table + "\""
                                                           : "table " + table + ": No such file")));
            CHECK_FALSE(has(crond.output(), "msg=starting"));
        }
    }
}

TEST_CASE("supercronic: flags that are not understood end with 2", "[system]") {
    Process crond(compat({"-what", "t"}));
    CHECK(crond.wait() == 2);
    CHECK(crond.writes("flag provided but not defined: -what"));
}

TEST_CASE("supercronic: who asks for Sentry is told that nothing is sent", "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n");
    const bool is_flag = GENERATE(true, false);
    std::vector<std::string> arguments = {root.path("/tab")};
    if (is_flag) arguments.insert(arguments.begin(), {"-sentry-dsn", "https://key@host/1"});
    Process crond(compat(arguments), [&] {
        if (!is_flag) ::setenv("SENTRY_DSN", "https://key@host/1", 1);
    });
    CHECK(crond.writes("level=warning msg=\"nothing is sent to Sentry"));
    REQUIRE(crond.writes("job succeeded"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    CHECK(crond.count("nothing is sent to Sentry") == 1);
}

TEST_CASE("supercronic: of a crontab that is bad at a reload, by HUP too, the good lines run",
          "[system]") {
    const TempRoot root;
    root.write("/tab", "* * * * * * * true\n");
    Process crond(compat({root.path("/tab")}));
    REQUIRE(crond.writes("msg=\"job succeeded\""));
    root.write("/tab", "* * * * * * * echo good\n61 * * * * true\n");
    crond.signal(SIGHUP);
    CHECK(crond.writes("received hangup, reloading crontab"));
    CHECK(crond.writes("minute '61'"));
    CHECK(crond.writes("msg=good", 2));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("supercronic: what a hook prints has the iteration of its run", "[system]") {
    const TempRoot root;
    root.write("/tab", "CRON_ON_SUCCESS=\"echo hook\"\n* * * * * * * true\n");
    Process crond(compat({root.path("/tab")}));
    CHECK(crond.writes("msg=hook channel=stdout iteration=0"));
    CHECK(crond.writes("msg=hook channel=stdout iteration=1"));
    CHECK(crond.writes("msg=\"job succeeded\" iteration=2"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}
