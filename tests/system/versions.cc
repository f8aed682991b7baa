#include "versions.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

namespace cron::system_test {
namespace fs = std::filesystem;

Versions::Versions(const TempRoot& root) : root_(root) {
    fs::create_directories(root.path("/bin"));
    fs::copy_file(BELFRY_CROND, root.path("/bin/present"));
    fs::copy_file(BELFRY_CROND_NEXT, root.path("/bin/next"));
    for (const char* name : {"crond-job", "crond-session"}) {
        fs::copy_file(fs::path(BELFRY_PROGRAMS) / name, root.path("/bin") + "/" + name);
    }
    install_present();
}

void Versions::install(const std::string& below) const {
    fs::create_hard_link(root_.path(below), root_.path("/bin/unpacked"));
    fs::rename(root_.path("/bin/unpacked"), program());
    // Of two names of one file the one is not renamed onto the other.
    fs::remove(root_.path("/bin/unpacked"));
}

std::vector<std::string> Versions::arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = crond_arguments(root_, more);
    arguments.front() = program();
    return arguments;
}

void upgrade(Process& crond) {
    const auto count = [&](const char* event) {
        return crond.count("\"event\":\"" + std::string(event) + "\"");
    };
    const int before = count("upgraded");
    while (count("upgraded") == before) {
        const int refused = count("upgrade-refused");
        crond.signal(SIGUSR2);
        REQUIRE(eventually(
            [&] { return count("upgraded") > before || count("upgrade-refused") > refused; }));
        // While the disk is too slow it is refused, and then asked for again.
        const int weak = count("ledger-weak");
        if (count("upgrade-refused") == refused) continue;
        REQUIRE(weak > 0);
        REQUIRE(crond.writes("\"event\":\"ledger-restored\"", weak));
    }
}

std::ptrdiff_t descriptor_count(pid_t pid) {
    const fs::directory_iterator folder("/proc/" + std::to_string(pid) + "/fd");
    return std::distance(begin(folder), end(folder));
}

std::vector<pid_t> children_of(pid_t pid) {
    const std::string name = std::to_string(pid);
    std::ifstream file("/proc/" + name + "/task/" + name + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
}

}  // namespace cron::system_test
