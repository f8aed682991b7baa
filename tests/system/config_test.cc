// crond and its own settings: at the start, and again on SIGHUP.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "machine.h"

using namespace cron;
using namespace cron::system_test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kConfig = "/etc/crond.json";

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// A file of cron.d that is a table for cronie only, whose job leaves word.
void write_dotted_table(const TempRoot& root) {
    const std::string folder = root.open_folder("/out");
    root.write("/etc/cron.d/dotted.name", "@every 1s root echo ran >>" + folder + "/dotted\n");
}

bool has_run(const TempRoot& root) {
    return eventually([&] { return !root.lines("/out/dotted").empty(); });
}

}  // namespace

TEST_CASE("crond.json: an error in it ends the start, with its place and status 1", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write(kConfig, "{\n  \"max_running\": \"many\"\n}\n");
    std::vector<std::string> arguments = {BELFRY_CROND, "--root", root.path("")};
    for (const std::string more : {"", "--foreground", "--test"}) {
        if (!more.empty()) arguments.resize(3), arguments.push_back(more);
        Process crond(arguments);
        CHECK(crond.wait() == 1);
        CHECK_THAT(crond.output(), Contains(root.path(kConfig) + ":2:18: error: max_running must"));
        CHECK(root.read("/run/crond.pid").empty());
    }
}

TEST_CASE("crond.json: one that others may write to ends the start", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write(kConfig, "{}", 0666);
    Process crond(crond_arguments(root));
    CHECK(crond.wait() == 1);
    CHECK_THAT(crond.output(), Contains("its mode is 0666, and only its owner may write to it"));
}

TEST_CASE("crond.json: what it says holds from the start", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_dotted_table(root);
    root.write(kConfig, "// as before\n{\"flavour\": \"cronie\", \"max_runing\": 1}");
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    CHECK(has_run(root));
    CHECK(crond.writes(event("config-warning")));
    CHECK_THAT(crond.output(), Contains("the nearest is max_running"));
    Process test({BELFRY_CROND, "--test", "--root", root.path("")});
    CHECK(test.wait() == 0);
    CHECK_THAT(test.output(), Contains("1 tables, 1 entries"));
}

TEST_CASE("crond.json: SIGHUP brings new settings, and a bad file changes nothing", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    write_dotted_table(root);
    Process crond(crond_arguments(root));
    REQUIRE(crond.writes(event("started")));
    CHECK(crond.writes("WRONG FILE NAME"));

    root.write(kConfig, "{\"flavour\": \"cronie\"}");
    crond.signal(SIGHUP);
    CHECK(crond.writes(event("config-changed")));
    CHECK(has_run(root));

    root.write(kConfig, "{\"flavour\": \"debian\",}");
    crond.signal(SIGHUP);
    CHECK(crond.writes(event("config-error")));
    CHECK(crond.writes(event("config-kept")));
    const std::size_t before = root.lines("/out/dotted").size();
    CHECK(eventually([&] { return root.lines("/out/dotted").size() >= before + 2; }));
    CHECK(crond.count(event("table-removed")) == 0);

    // Without the file the defaults hold again.
    std::filesystem::remove(root.path(kConfig));
    crond.signal(SIGHUP);
    CHECK(crond.writes(event("config-changed"), 2));
    CHECK(crond.writes(event("table-removed")));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE("crond --config: the settings are there, and must be", "[system]") {
    const TempRoot root;
    root.write("/table", "0 0 1 1 * true\n");
    Process missing(
        {BELFRY_CROND, "--test", "--config", root.path("/mine.json"), root.path("/table")});
    CHECK(missing.wait() == 1);
    CHECK_THAT(missing.output(), Contains("/mine.json: error: it does not exist"));
    root.write("/mine.json", "{\"max_running\": 1}");
    Process good(
        {BELFRY_CROND, "--test", "--config", root.path("/mine.json"), root.path("/table")});
    CHECK(good.wait() == 0);
}
