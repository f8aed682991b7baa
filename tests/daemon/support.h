// What the tests of the daemon share: a folder of their own, and a child that reports what it sees.
#pragma once

#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/unique_fd.h"

namespace cron::daemon {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = std::filesystem::temp_directory_path() / "belfry-daemon-XXXXXX";
        CRON_CHECK(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + '/' + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

inline std::string content_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::pair<UniqueFd, UniqueFd> make_pipe() {
    std::array<int, 2> ends{};
    CRON_CHECK(::pipe2(ends.data(), 02000000 /* O_CLOEXEC */) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// All that can be read from `fd` until its other end is closed.
inline std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (ssize_t count = 0; (count = ::read(fd, bytes.data(), bytes.size())) > 0;) {
        text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
}

struct ChildResult {
    std::string report;
    int status = 0;  // as waitpid has it
};

// Runs `body` in a child and returns what it, and all that it has started, wrote to descriptor 9.
// Not while this process has threads.
inline constexpr int kReportFd = 9;
inline ChildResult in_child(const std::function<int()>& body) {
    auto [reader, writer] = make_pipe();
    const pid_t child = ::fork();
    CRON_CHECK(child >= 0);
    if (child == 0) {
        reader.reset();
        CRON_CHECK(::dup2(writer.get(), kReportFd) == kReportFd);
        if (writer.get() != kReportFd) writer.reset();
        ::_exit(body());
    }
    writer.reset();
    ChildResult result;
    result.report = read_all(reader.get());
    CRON_CHECK(::waitpid(child, &result.status, 0) == child);
    return result;
}

inline void report(const std::string& text) {
    CRON_CHECK(::write(kReportFd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace cron::daemon
