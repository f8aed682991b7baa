// What jobs print, when it is much, and when nobody reads it.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <sstream>

#include "container.h"
#include "fates.h"

using namespace cron;
using namespace cron::system_test;

namespace {

using Clock = std::chrono::steady_clock;

// A container's stdout as whoever collects it has it.
struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Pipe make_pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string read_all(int fd) {
    std::string text;
    std::string buffer(1U << 20, '\0');
    for (ssize_t bytes = 1; bytes > 0; text.append(buffer, 0, static_cast<std::size_t>(bytes))) {
        bytes = std::max<ssize_t>(0, ::read(fd, buffer.data(), buffer.size()));
    }
    return text;
}

struct Counts {
    long lines = 0;
    long dropped = 0;
};

// Of what `job` printed, with its name before each line: those that came, and those that crond says
// were dropped, "[job] 17 lines (115 bytes) dropped".
Counts counts_of(const std::string& text, const std::string& job) {
    const std::string prefix = "[" + job + "] ";
    Counts counts;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.compare(0, prefix.size(), prefix) != 0) continue;
        const bool is_gap = line.find(" dropped", prefix.size()) != std::string::npos;
        if (is_gap) {
            counts.dropped += std::stol(line.substr(prefix.size()));
        } else {
            ++counts.lines;
        }
    }
    return counts;
}

std::size_t count_of(Container& crond, const std::string& name, const std::string& job) {
    return lines_with(crond.output(), {event(name), "\"job\":\"" + job + "\""}).size();
}

const std::string kTick = "CRON_NAME=tick\n@every 1s true\n";

}  // namespace

TEST_CASE("container: a stdout that nobody reads holds up no start, and what is dropped is counted",
          "[output]") {
    if (!has_containers()) return;
    constexpr long kLines = 2'000'000;
    const Machine machine;
    machine.table(kTick + "CRON_NAME=noise\n@reboot seq " + std::to_string(kLines) + "\n");
    Pipe pipe = make_pipe();
    Order order = machine.order();
    order.stdout_fd = pipe.writer.get();
    Container crond(order);
    pipe.writer.reset();
    // Nor does it hold up for ever who prints.
    REQUIRE(eventually([&] { return count_of(crond, "run-ended", "noise") == 1; }));
    const std::size_t before = count_of(crond, "run-started", "tick");
    REQUIRE(eventually([&] { return count_of(crond, "run-started", "tick") >= before + 3; }));
    check_every_second(crond.output(), "tick");
    CHECK(lines_with(crond.output(), {event("run-ended"), "\"job\":\"noise\"", "\"status\":\"0\""})
              .size() == 1);

    std::future<std::string> read =
        std::async(std::launch::async, [&] { return read_all(pipe.reader.get()); });
    const std::size_t then = count_of(crond, "run-started", "tick");
    REQUIRE(eventually([&] { return count_of(crond, "run-started", "tick") >= then + 2; }));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    const Counts counts = counts_of(read.get(), "noise");
    std::cout << "a stuck stdout: " << counts.lines << " lines came, " << counts.dropped
              << " were dropped\n";
    CHECK(counts.dropped > 0);
    CHECK(counts.lines + counts.dropped == kLines);
}

TEST_CASE("container: a stdout that is never read does not hold up the end", "[output]") {
    if (!has_containers()) return;
    const Machine machine;
    machine.table("CRON_NAME=noise\n@reboot echo begun >&2; yes\n");
    const Pipe pipe = make_pipe();
    Order order = machine.order({"--grace", "1s"});
    order.stdout_fd = pipe.writer.get();
    Container crond(order);
    REQUIRE(crond.writes("[noise] begun"));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
}

TEST_CASE(
    "container: at 100,000 lines a second none is missing that is not counted, and each second "
    "is met",
    "[output]") {
    if (!has_containers()) return;
    constexpr long kLines = 100'000;
    const Machine machine;
    machine.table(kTick + "CRON_NAME=noise\n@every 1s seq " + std::to_string(kLines) + "\n");
    Pipe pipe = make_pipe();
    Order order = machine.order();
    order.stdout_fd = pipe.writer.get();
    const auto begin = Clock::now();
    Container crond(order);
    pipe.writer.reset();
    std::future<std::string> read =
        std::async(std::launch::async, [&] { return read_all(pipe.reader.get()); });
    REQUIRE(eventually([&] { return count_of(crond, "run-ended", "noise") >= 5; }));
    machine.table(kTick);
    REQUIRE(crond.writes(event("table-loaded")));
    REQUIRE(eventually([&] {
        return count_of(crond, "run-ended", "noise") == count_of(crond, "run-started", "noise");
    }));
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    check_every_second(crond.output(), "tick");
    const auto runs = static_cast<long>(count_of(crond, "run-ended", "noise"));
    const Counts counts = counts_of(read.get(), "noise");
    std::cout << counts.lines << " lines of " << runs << " runs in " << took << " s, "
              << counts.dropped << " dropped\n";
    CHECK(counts.lines + counts.dropped == runs * kLines);
}
