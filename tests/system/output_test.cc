// What jobs print on crond's own stdout and stderr: as lines, as objects, and where nobody reads.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "machine.h"

using namespace cron;
using namespace cron::system_test;
using nlohmann::json;

namespace {

enum class Kind { pipe, socket, terminal };

// One of crond's streams, with the end that the test reads, or does not.
class End {
  public:
    explicit End(Kind kind = Kind::pipe) {
        std::array<int, 2> ends{-1, -1};
        switch (kind) {
            case Kind::pipe:
                REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
                break;
            case Kind::socket:
                REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
                break;
            case Kind::terminal:
                open_terminal(ends);
        }
        reader.reset(ends[0]);
        writer.reset(ends[1]);
        REQUIRE(::fcntl(reader.get(), F_SETFL, O_NONBLOCK) == 0);
    }

    // All that has come so far, and comes until it ends with `text` somewhere; false: it did not.
    bool reads(std::string_view text) {
        return eventually([&] {
            read();
            return got.find(text) != std::string::npos;
        });
    }
    void read() {
        std::array<char, 65536> buffer;
        ssize_t count = 0;
        while ((count = ::read(reader.get(), buffer.data(), buffer.size())) > 0) {
            got.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }
    std::vector<std::string> lines() const {
        std::vector<std::string> found;
        std::istringstream stream(got);
        for (std::string line; std::getline(stream, line);) found.push_back(line);
        return found;
    }

    UniqueFd reader;
    UniqueFd writer;
    std::string got;

  private:
    static void open_terminal(std::array<int, 2>& ends) {
        ends[0] = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(ends[0] >= 0);
        REQUIRE(::grantpt(ends[0]) == 0);
        REQUIRE(::unlockpt(ends[0]) == 0);
        ends[1] = ::open(::ptsname(ends[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
        REQUIRE(ends[1] >= 0);
        termios mode{};
        REQUIRE(::tcgetattr(ends[1], &mode) == 0);
        ::cfmakeraw(&mode);
        REQUIRE(::tcsetattr(ends[1], TCSANOW, &mode) == 0);
    }
};

// crond on one table, with a stream of each kind.
class Container {
  public:
    Container(const TempRoot& root, const std::string& table, const std::string& format,
              Kind kind = Kind::pipe)
        : output(kind) {
        root.write("/table", table);
        crond = std::make_unique<Process>(
            std::vector<std::string>{BELFRY_CROND, "--foreground", "--output", format, "--grace",
                                     "2s", root.path("/table")},
            [this] {
                ::dup2(output.writer.get(), STDOUT_FILENO);
                ::dup2(error.writer.get(), STDERR_FILENO);
            });
        output.writer.reset();
        error.writer.reset();
    }

    // Reads what there is until it has ended.
    int stop() {
        crond->signal(SIGTERM);
        const int status = crond->wait();
        error.read();
        return status;
    }

    End output;
    End error;
    std::unique_ptr<Process> crond;
};

std::vector<json> objects_of(const End& end) {
    std::vector<json> objects;
    for (const std::string& line : end.lines()) objects.push_back(json::parse(line));
    return objects;
}

std::string bytes_of(const json& line) {
    return line.contains("text") ? line["text"].get<std::string>()
                                 : from_base64(line["text_b64"].get<std::string>()).value();
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

}  // namespace

TEST_CASE("json: a run is objects, one a line, from its start over what it prints to its end",
          "[system]") {
    const TempRoot root;
    Container container(root,
                        "CRON_NAME=job\n@reboot echo one; printf '\\377\\000\\n'; echo \"it's "
                        "\\\"two\\\"\"; echo err >&2; printf end; exit 3\n",
                        "json");
    REQUIRE(container.output.reads("\"run-ended\""));
    CHECK(container.stop() == 0);
    container.output.read();
    const auto objects = objects_of(container.output);
    REQUIRE(objects.size() == 6);
    const json& start = objects.front();
    const json& end = objects.back();
    CHECK(start["event"] == "run-started");
    CHECK(start["cause"] == "boot");
    const std::array<std::string, 4> printed = {"one", std::string("\377\0", 2), "it's \"two\"",
                                                "end"};
    for (std::size_t i = 0; i < printed.size(); ++i) {
        const json& line = objects[i + 1];
        CHECK(line["event"] == "output");
        CHECK(line["stream"] == "stdout");
        CHECK(bytes_of(line) == printed[i]);
        CHECK(line.contains("newline") == (i == 3));
    }
    for (const json& object : objects) {
        CHECK(object["v"] == 1);
        CHECK(object["job"] == "job");
        CHECK(object["run"] == start["run"]);
        CHECK(object["attempt"] == 1);
    }
    CHECK(end["event"] == "run-ended");
    CHECK(end["due"] == start["due"]);
    CHECK(end["pid"] == start["pid"]);
    CHECK(end["exit_status"] == 3);
    CHECK(end["outcome"] == "failure");
    CHECK(end["duration_s"].is_number());
    CHECK(end["start"].get<std::string>() <= end["end"].get<std::string>());
    CHECK(end["output_bytes"] == 25);
    // The log is JSON as well, and tells none of this again.
    int errors = 0;
    for (const json& object : objects_of(container.error)) {
        if (object.contains("v")) {
            ++errors;
            CHECK(object["stream"] == "stderr");
            CHECK(object["text"] == "err");
        } else {
            CHECK(object["event"].get<std::string>().find("run-") == std::string::npos);
        }
    }
    CHECK(errors == 1);
}

TEST_CASE("json: a line of 10 MB comes in pieces that make it again", "[system]") {
    const TempRoot root;
    Container container(root, "@reboot head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after\n",
                        "json");
    REQUIRE(container.output.reads("\"run-ended\""));
    std::string line;
    std::uint64_t pieces = 0;
    bool has_last = false;
    for (const json& object : objects_of(container.output)) {
        if (!object.contains("piece")) continue;
        CHECK_FALSE(has_last);
        REQUIRE(object["piece"] == ++pieces);
        has_last = object["last"].get<bool>();
        line += object["text"].get<std::string>();
    }
    CHECK(has_last);
    CHECK(line == std::string(10'000'000, 'x'));
    CHECK(container.output.got.find("\"text\":\"after\"") != std::string::npos);
}

TEST_CASE("prefix: of a stdout that nobody reads only what is printed suffers, and is counted",
          "[system]") {
    const Kind kind = GENERATE(Kind::pipe, Kind::socket, Kind::terminal);
    const TempRoot root;
    constexpr int kLines = 2'000'000;  // 14 MB
    Container container(root,
                        "CRON_NAME=flood\n@reboot seq 1000000 2999999 >&1\n"
                        "CRON_NAME=tick\n@every 1s true\n",
                        "prefix", kind);
    // It ends, though nobody reads, and others start on time meanwhile.
    REQUIRE(container.error.reads("output-stuck stream=stdout"));
    REQUIRE(eventually([&] {
        container.error.read();
        const auto lines = container.error.lines();
        return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
            return line.find("run-ended") != std::string::npos &&
                   line.find("job=flood") != std::string::npos;
        });
    }));
    CHECK(count(container.error.got, "run-started user=") >= 4);
    for (const std::string& line : container.error.lines()) {
        const std::size_t at = line.find("late_ms=");
        if (at == std::string::npos || line.find("job=tick") == std::string::npos) continue;
        CHECK(std::atoi(line.c_str() + at + std::string("late_ms=").size()) < 1'000);
    }
    // The reader is back: all of it is there, or counted at the place where it is not.
    REQUIRE(container.output.reads(" bytes) dropped\n"));
    const std::string& got = container.output.got;
    const std::size_t end = got.find(" lines (");
    const std::size_t begin = got.rfind("[flood] ", end) + 8;
    const int dropped = std::atoi(got.c_str() + begin);
    CHECK(count(got, "[flood] ") - 1 + static_cast<std::size_t>(dropped) == kLines);
    CHECK(got.find(std::to_string(static_cast<long>(dropped) * 8) + " bytes) dropped") !=
          std::string::npos);
    CHECK(container.error.reads("output-flows stream=stdout"));
    CHECK(container.stop() == 0);
}

TEST_CASE("raw: a job that nobody reads waits, and no other does", "[system]") {
    const TempRoot root;
    Container container(root,
                        "CRON_NAME=flood\n@reboot seq 1000000 1999999\n"
                        "CRON_NAME=tick\n@every 1s true\n",
                        "raw");
    REQUIRE(eventually([&] {
        container.error.read();
        return count(container.error.got, "run-ended") >= 2;
    }));
    CHECK(container.error.got.find("run-ended user=root job=flood") == std::string::npos);
    REQUIRE(container.output.reads("1999999\n"));
    CHECK(container.output.got.size() == 8'000'000);
    CHECK(container.error.reads("job=flood"));
    CHECK(container.stop() == 0);
}

TEST_CASE("stop: is not kept by whoever does not read, and says what he has missed", "[system]") {
    const TempRoot root;
    Container container(root, "CRON_NAME=flood\n@reboot seq 1000000 1299999\n", "json");
    // Some 70 MB as objects: never all of it in memory.
    REQUIRE(container.error.reads("output-stuck"));
    CHECK(container.stop() == 0);
    CHECK(count(container.error.got, "\"output-unread\"") == 1);
    CHECK(count(container.error.got, "\"output-dropped\"") == 1);
}

TEST_CASE("prefix: a stdout that is closed is said once, and jobs go on", "[system]") {
    const TempRoot root;
    Container container(root, "CRON_NAME=tick\n@every 1s echo tick; echo tock; echo ran >&2\n",
                        "prefix");
    container.output.reader.reset();
    REQUIRE(eventually([&] {
        container.error.read();
        return count(container.error.got, "[tick] ran\n") >= 3;
    }));
    CHECK(container.stop() == 0);
    CHECK(count(container.error.got, "output-closed stream=stdout") == 1);
    CHECK(count(container.error.got, "output-dropped user=") >= 2);
}

TEST_CASE("prefix: what a job leaves behind does not hold its end, and is read to its own",
          "[system]") {
    const TempRoot root;
    root.write("/gate", "");
    UniqueFd gate(::open(root.path("/gate").c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::flock(gate.get(), LOCK_EX) == 0);
    Container container(root,
                        "CRON_NAME=job\n@reboot (flock -s " + root.path("/gate") +
                            " true; echo later) & echo now\n",
                        "prefix");
    REQUIRE(container.error.reads("run-ended"));
    CHECK(container.output.reads("[job] now\n"));
    gate.reset();
    CHECK(container.output.reads("[job] later\n"));
    CHECK(container.stop() == 0);
}

TEST_CASE("json: stdout and stderr that are one pipe mix no lines, however long", "[system]") {
    const TempRoot root;
    root.write("/table",
               "@reboot for i in 1 2 3 4 5; do head -c 100000 /dev/zero | tr '\\0' a; echo; done\n"
               "@reboot for i in 1 2 3 4 5; do (head -c 100000 /dev/zero | tr '\\0' b; echo) >&2; "
               "done\n");
    Process crond({BELFRY_CROND, "--output", "json", root.path("/table")});
    REQUIRE(crond.writes("\"event\":\"run-ended\"", 2));
    crond.signal(SIGTERM);
    CHECK(crond.wait() == 0);
    std::istringstream stream(crond.output());
    int lines = 0;
    for (std::string line; std::getline(stream, line); ++lines) {
        CHECK(json::accept(line));
    }
    CHECK(lines > 2 * 5 * 13);
}
