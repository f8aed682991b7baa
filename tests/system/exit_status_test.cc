// How crond ends where nobody can read what it says.
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "machine.h"

using namespace cron::system_test;

namespace {

enum class Stream { whole, full, closed };

// In the child, before exec.
void spoil(int fd, Stream stream) {
    if (stream == Stream::closed) ::close(fd);
    if (stream == Stream::full && ::dup2(::open("/dev/full", O_WRONLY | O_CLOEXEC), fd) != fd) {
        ::_exit(126);
    }
}

TEST_CASE("exit status: is the same where stdout or stderr is full or closed", "[system]") {
    const TempRoot root;
    root.write("/bad", "60 * * * * true\n");
    struct Case {
        std::vector<std::string> arguments;
        int status;
        unsigned namespaces;
    };
    std::vector<Case> cases = {
        {{"--help"}, 0, 0},
        {{"--bogus"}, 2, 0},
        {{"--compat", "supercronic", "-wat"}, 2, 0},
        {{"--compat", "supercronic", "-test", root.path("/bad")}, 1, 0},
        {{"--test", root.path("/bad")}, 1, 0},
        {{"--test", root.path("/none")}, 1, 0},
        {{"--foreground", root.path("/none")}, 1, 0},
    };
    // Where no other crond answers.
    if (is_root()) cases.push_back({{"--alive"}, 1, CLONE_NEWPID});
    const Stream output = GENERATE(Stream::whole, Stream::full, Stream::closed);
    const Stream error = GENERATE(Stream::whole, Stream::full, Stream::closed);
    for (const Case& c : cases) {
        INFO(c.arguments.front() << ' ' << c.arguments.back() << ", stdout "
                                 << static_cast<int>(output) << ", stderr "
                                 << static_cast<int>(error));
        std::vector<std::string> arguments = {BELFRY_CROND};
        arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
        Process crond(
            arguments,
            [&] {
                spoil(STDOUT_FILENO, output);
                spoil(STDERR_FILENO, error);
            },
            c.namespaces);
        CHECK(crond.wait() == c.status);
    }
}

}  // namespace
