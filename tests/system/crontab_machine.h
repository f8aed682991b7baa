// crontab as a process on a machine of its own: as real users, on streams or a terminal.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pty.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/unique_fd.h"
#include "machine.h"

namespace cron::system_test {

using Words = std::vector<std::string>;

inline constexpr const char* kTable = "0 3 * * * backup\n";
inline constexpr const char* kTables = "/var/spool/cron/crontabs/";

struct Ended {
    int status = -1;
    std::string out;
    std::string error;
};

inline std::string drain(int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

inline std::string content(int fd) {
    REQUIRE(::lseek(fd, 0, SEEK_SET) == 0);
    return drain(fd);
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

inline UniqueFd memory(const std::string& text = "") {
    UniqueFd fd(::memfd_create("crontab-test", MFD_CLOEXEC));
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    return fd;
}

inline std::vector<char*> pointers(Words& words) {
    std::vector<char*> found;
    for (std::string& word : words) found.push_back(word.data());
    found.push_back(nullptr);
    return found;
}

inline int status_of(pid_t pid) {
    int status = -1;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// One machine, and a folder for what its users leave.
struct Machine {
    TempRoot root;
    std::string temporary = root.open_folder("/tmp");

    Machine() {
        // As Debian has it.
        REQUIRE(::chmod(root.path(kTables).c_str(), 01730) == 0);
    }

    std::string table(const std::string& user) const { return root.read(kTables + user); }

    // A script that everybody can run, for EDITOR.
    std::string editor(const std::string& script) const {
        root.write("/editor", "#!/bin/sh\n" + script + "\n", 0755);
        return root.path("/editor");
    }

    // In the child: becomes `user`, with a known environment, and executes crontab.
    [[noreturn]] void become(const std::string& user, Words arguments, Words environment) const {
        arguments.insert(arguments.begin(), {BELFRY_CRONTAB, "--root", root.path("")});
        environment.insert(environment.begin(), {"PATH=/usr/bin:/bin", "TMPDIR=" + temporary,
                                                 "USER=root", "LOGNAME=root", "TERM=dumb"});
        const auto argv = pointers(arguments);
        const auto envp = pointers(environment);
        if (user != "root") {
            const passwd* entry = ::getpwnam(user.c_str());
            if (entry == nullptr || ::setgroups(0, nullptr) != 0 || ::setgid(entry->pw_gid) != 0 ||
                ::setuid(entry->pw_uid) != 0)
                ::_exit(126);
        }
        ::execve(BELFRY_CRONTAB, argv.data(), envp.data());
        ::_exit(127);
    }

    // With these as stdin, stdout and stderr; -1: closed.
    int run_with(const std::string& user, const Words& arguments, const Words& environment, int in,
                 int out, int error) const {
        const pid_t pid = ::fork();
        REQUIRE(pid >= 0);
        if (pid != 0) return status_of(pid);
        const int given[] = {in, out, error};
        for (int fd = 0; fd < 3; ++fd) {
            if (given[fd] < 0) {
                ::close(fd);
            } else {
                ::dup2(given[fd], fd);
            }
        }
        become(user, arguments, environment);
    }

    Ended run(const std::string& user, const Words& arguments, const std::string& input = "",
              const Words& environment = {}) const {
        const UniqueFd in = memory(input);
        const UniqueFd out = memory();
        const UniqueFd error = memory();
        const int status = run_with(user, arguments, environment, in.get(), out.get(), error.get());
        return {status, content(out.get()), content(error.get())};
    }

    // On a terminal of its own, with `keys` typed as soon as `prompt` is there.
    Ended run_on_terminal(const std::string& user, const Words& arguments,
                          const std::string& prompt, const std::string& keys,
                          const Words& environment = {}) const {
        int ours = -1;
        const pid_t pid = ::forkpty(&ours, nullptr, nullptr, nullptr);
        REQUIRE(pid >= 0);
        if (pid == 0) become(user, arguments, environment);
        const UniqueFd terminal(ours);
        std::string text;
        char buffer[4096];
        bool is_typed = keys.empty();
        for (ssize_t count; (count = ::read(ours, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(count));
            if (is_typed || !contains(text, prompt)) continue;
            is_typed = true;
            REQUIRE(::write(ours, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
        }
        text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
        return {status_of(pid), text, ""};
    }
};

inline std::string replacing(const std::string& with) { return "printf '" + with + "' >\"$1\""; }

}  // namespace cron::system_test
