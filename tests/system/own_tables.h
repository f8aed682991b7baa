// crond with a table as argument, beside us or as the first process of namespaces of its own.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "machine.h"

namespace cron::system_test {

inline std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

inline std::vector<std::string> own_arguments(const TempRoot& root,
                                              const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {BELFRY_CROND, "--foreground", "--log", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(root.path("/table"));
    return arguments;
}

// As PID 1, with a /proc of its own.
struct FirstProcess : Process {
    explicit FirstProcess(const std::vector<std::string>& arguments)
        : Process(
              arguments,
              [] {
                  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                      ::mount("proc", "/proc", "proc", 0, nullptr) != 0) {
                      ::_exit(126);
                  }
              },
              CLONE_NEWPID | CLONE_NEWNS) {}
};

// The state of a process, as ps(1) shows it; 0 if there is none.
inline char state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_end = line.rfind(") ");
    return name_end == std::string::npos ? '\0' : line[name_end + 2];
}

// Of each thread of it.
inline std::vector<pid_t> children_of(pid_t pid) {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
        std::ifstream children(task.path() / "children");
        for (pid_t child = 0; children >> child;) found.push_back(child);
    }
    return found;
}

}  // namespace cron::system_test
