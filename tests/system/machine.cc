#include "machine.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cron::system_test {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

Clock::time_point patience_end() { return Clock::now() + std::chrono::milliseconds(kPatienceMs); }

}  // namespace

bool is_root() {
    if (::geteuid() == 0) return true;
    WARN("skipped: needs root");
    return false;
}

TempRoot::TempRoot() {
    std::string pattern = fs::temp_directory_path() / "belfry-test-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
    REQUIRE(::chmod(root_.c_str(), 0755) == 0);
    for (const char* folder : {"/etc/cron.d", "/run", "/var/spool/cron/crontabs"}) {
        fs::create_directories(path(folder));
    }
}

TempRoot::~TempRoot() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
}

void TempRoot::write(std::string_view below, std::string_view text, mode_t mode,
                     std::string_view user) const {
    // Not `tmp.*`, whose appearance and change of owner would be events of their own.
    const std::string temporary = path("/writing");
    std::ofstream(temporary, std::ios::binary) << text;
    REQUIRE(::chmod(temporary.c_str(), mode) == 0);
    if (user != "root") {
        const passwd* entry = ::getpwnam(std::string(user).c_str());
        REQUIRE(entry != nullptr);
        REQUIRE(::chown(temporary.c_str(), entry->pw_uid, entry->pw_gid) == 0);
    }
    fs::rename(temporary, path(below));
}

void TempRoot::user_table(std::string_view user, std::string_view text) const {
    write("/var/spool/cron/crontabs/" + std::string(user), text, 0600, user);
}

std::string TempRoot::open_folder(std::string_view below) const {
    fs::create_directories(path(below));
    REQUIRE(::chmod(path(below).c_str(), 01777) == 0);
    return path(below);
}

std::string TempRoot::mailer(std::string_view ending) const {
    const std::string folder = open_folder("/mail");
    write("/mailer",
          "#!/bin/sh\nprintf '%s\\n' \"$*\" >" + folder + "/$$.arguments\nid -un >" + folder +
              "/$$.user\ncat >" + folder + "/$$.part && mv " + folder + "/$$.part " + folder +
              "/$$.mail\n" + std::string(ending) + "\n",
          0755);
    return path("/mailer");
}

std::string TempRoot::read(std::string_view below) const {
    std::ifstream file(path(below), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> TempRoot::lines(std::string_view below) const {
    std::istringstream text(read(below));
    std::vector<std::string> found;
    for (std::string line; std::getline(text, line);) found.push_back(line);
    return found;
}

std::vector<std::string> TempRoot::names(std::string_view below) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path(below))) {
        found.push_back(entry.path().filename());
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool eventually(const std::function<bool()>& claim) {
    const auto end = patience_end();
    while (!claim()) {
        if (Clock::now() > end) return false;
        ::poll(nullptr, 0, 10);
    }
    return true;
}

Process::Process(const std::vector<std::string>& arguments, const std::function<void()>& prepare,
                 unsigned namespaces) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    std::vector<char*> argv;
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    // As fork(), which knows no namespaces.
    pid_ = namespaces == 0 ? ::fork()
                           : static_cast<pid_t>(::syscall(SYS_clone, namespaces | SIGCHLD, nullptr,
                                                          nullptr, nullptr, nullptr));
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::dup2(ends[1], STDERR_FILENO);
        if (prepare) prepare();
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    output_fd_.reset(ends[0]);
}

Process::~Process() {
    if (is_collected_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }

int Process::wait() {
    const bool has_ended = eventually([this] {
        read_some(0);
        is_collected_ = is_collected_ || ::waitpid(pid_, &status_, WNOHANG) == pid_;
        return is_collected_;
    });
    if (!has_ended) return -1;
    while (read_some(0)) {
    }
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

bool Process::read_some(int timeout_ms) {
    if (!output_fd_) return false;
    pollfd wanted{output_fd_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, timeout_ms) != 1) return false;
    char buffer[65536];
    const ssize_t bytes = ::read(output_fd_.get(), buffer, sizeof buffer);
    if (bytes <= 0) {
        output_fd_.reset();
        return false;
    }
    output_.append(buffer, static_cast<std::size_t>(bytes));
    return true;
}

const std::string& Process::output() {
    while (read_some(0)) {
    }
    return output_;
}

int Process::count(std::string_view text) {
    int found = 0;
    for (std::size_t at = output().find(text); at != std::string::npos;
         at = output_.find(text, at + text.size())) {
        ++found;
    }
    return found;
}

bool Process::writes(std::string_view text, int times) {
    const auto end = patience_end();
    while (count(text) < times) {
        if (!output_fd_ || Clock::now() > end) {
            UNSCOPED_INFO("it did not write '" << text << "' " << times << " times but:\n"
                                               << output_);
            return false;
        }
        read_some(100);
    }
    return true;
}

std::vector<std::string> crond_arguments(const TempRoot& root,
                                         const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {BELFRY_CROND,  "--foreground", "--root",
                                          root.path(""), "--log",        "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

}  // namespace cron::system_test
