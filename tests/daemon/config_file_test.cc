// Whose file of settings is read.
#include "daemon/config_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support.h"

namespace cron::daemon {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

constexpr std::string_view kText = R"({"max_running": 7})";

struct Place {
    TemporaryFolder folder;
    ConfigFile file{folder / "crond.json", false, ::geteuid()};

    void write(std::string_view text) const { std::ofstream(file.path) << text; }
    std::string error() const {
        const ConfigReading reading = read_config(file);
        CHECK(reading.config.has_value() == reading.diagnostics.empty());
        return reading.error_line("f");
    }
};

}  // namespace

TEST_CASE("config file: where there is none, the defaults hold", "[daemon]") {
    Place place;
    CHECK(read_config(place.file).config == Config{});
    CHECK(read_config({place.folder / "no/folder/crond.json", false, 0}).config == Config{});
    CHECK(read_config({}).config == Config{});
}

TEST_CASE("config file: one that was asked for must exist", "[daemon]") {
    Place place;
    place.file.must_exist = true;
    CHECK(place.error() == "f: error: it does not exist");
    place.write(kText);
    CHECK(read_config(place.file).config->max_running == 7);
}

TEST_CASE("config file: beside tables as arguments anybody's is read, as Kubernetes mounts it",
          "[daemon]") {
    Place place;
    fs::create_directory(place.folder / "..2026");
    std::ofstream(place.folder / "..2026/crond.json") << kText;
    fs::create_symlink("..2026", place.folder / "..data");
    fs::create_symlink("..data/crond.json", place.file.path);
    REQUIRE(::chmod(place.folder.path().c_str(), 0777) == 0);
    CHECK_FALSE(read_config(place.file).config);
    place.file.is_argument = true;
    CHECK(read_config(place.file).config->max_running == 7);
    fs::remove(place.file.path);
    place.file.must_exist = true;
    CHECK(place.error() == "f: error: it does not exist");
}

TEST_CASE("config file: an error in the text has its place", "[daemon]") {
    const Place place;
    place.write("{\n  \"max_running\": \"x\"}");
    CHECK_THAT(place.error(), Catch::StartsWith("f:2:18: error: max_running must be"));
}

TEST_CASE("config file: only root's or the caller's, that nobody else may write to", "[daemon]") {
    const Place place;
    place.write(kText);
    for (const mode_t mode : {0664U, 0646U, 0622U}) {
        REQUIRE(::chmod(place.file.path.c_str(), mode) == 0);
        CHECK_THAT(place.error(), Contains("only its owner may write to it"));
    }
    REQUIRE(::chmod(place.file.path.c_str(), 0644) == 0);
    CHECK(read_config(place.file).config->max_running == 7);
    if (::geteuid() != 0) return;
    REQUIRE(::chown(place.file.path.c_str(), 41001, 41001) == 0);
    CHECK(place.error() == "f: error: its owner is uid 41001, and must be root");
    ConfigFile of_caller = place.file;
    of_caller.trusted = 41001;
    CHECK(read_config(of_caller).config->max_running == 7);
}

TEST_CASE("config file: only a regular file is opened", "[daemon]") {
    const Place place;
    REQUIRE(::mkfifo(place.file.path.c_str(), 0600) == 0);
    CHECK(place.error() == "f: error: it is a FIFO, and a file of settings is a regular file");
    fs::remove(place.file.path);
    fs::create_directory(place.file.path);
    CHECK(place.error() == "f: error: it is a folder, and a file of settings is a regular file");
}

TEST_CASE("config file: a link is followed only if all on its way is root's", "[daemon]") {
    const Place place;
    const std::string target = place.folder / "target";
    std::ofstream(target) << kText;
    fs::create_symlink("target", place.file.path);
    CHECK(read_config(place.file).config->max_running == 7);
    REQUIRE(::chmod(place.folder.path().c_str(), 0777) == 0);
    CHECK_THAT(place.error(), Contains("others may write to the folder"));
    REQUIRE(::chmod(place.folder.path().c_str(), 0700) == 0);
    if (::geteuid() == 0) {
        REQUIRE(::lchown(place.file.path.c_str(), 41001, 41001) == 0);
        CHECK_THAT(place.error(), Contains("is owned by uid 41001, and must be root's"));
        REQUIRE(::lchown(place.file.path.c_str(), 0, 0) == 0);
    }
    // Dangling is not missing: somebody meant there to be one.
    fs::remove(target);
    CHECK_THAT(place.error(), Contains("does not exist"));
}

TEST_CASE("config file: a huge one is refused unread", "[daemon]") {
    const Place place;
    place.write(kText);
    REQUIRE(::truncate(place.file.path.c_str(), off_t{1} << 40U) == 0);
    CHECK(place.error() == "f: error: a file of settings has at most 1048576 bytes");
}

}  // namespace cron::daemon
