// crond as containers run it: tables as arguments, as a uid that no passwd entry has.
#pragma once

#include <grp.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "machine.h"

namespace cron::system_test {

inline constexpr uid_t kUnknownUid = 12345;

inline void become_unknown() {
    if (::setgroups(0, nullptr) != 0 || ::setgid(kUnknownUid) != 0 || ::setuid(kUnknownUid) != 0) {
        ::_exit(99);
    }
    ::setenv("HOME", "/", 1);
}

// In the folder `below` of `root`, which is his.
inline std::string unknown_folder(const TempRoot& root, std::string_view below) {
    const std::string path = root.open_folder(below);
    if (::chown(path.c_str(), kUnknownUid, kUnknownUid) != 0) ::_exit(99);
    return path;
}

inline std::vector<std::string> with_table(const TempRoot& root,
                                           const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {BELFRY_CROND, "--foreground", "--log", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(root.path("/etc/crontab"));
    return arguments;
}

struct Ended {
    int status = -1;
    std::string output;
};

inline Ended run_unknown(const std::vector<std::string>& arguments) {
    Process process(arguments, become_unknown);
    const int status = process.wait();
    return {status, process.output()};
}

inline std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

}  // namespace cron::system_test
