#include "ctl/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include <catch2/catch.hpp>

#include "base/unique_fd.h"

namespace cron::ctl {

TEST_CASE("output: text comes out whole and in order, in large pieces", "[ctl]") {
    std::string all;
    std::size_t pieces = 0;
    Output out([&](std::string_view text) -> Result<void> {
        all += text;
        ++pieces;
        return {};
    });
    std::string expected;
    for (int i = 0; i < 100'000; ++i) {
        const std::string line = std::to_string(i) + '\n';
        out.write(line);
        expected += line;
    }
    out.flush();
    out.flush();
    CHECK(all == expected);
    CHECK(pieces < 20);
}

TEST_CASE("output: after a failure nothing more is written", "[ctl]") {
    int calls = 0;
    Output out([&](std::string_view) -> Result<void> {
        ++calls;
        return system_failure(ENOSPC, "write to", "stdout");
    });
    out.write("a");
    out.flush();
    CHECK_FALSE(out.is_open());
    CHECK_FALSE(out.has_no_reader());
    CHECK(out.failure()->message == "write to stdout: No space left on device");
    out.write("b");
    out.flush();
    CHECK(calls == 1);
}

TEST_CASE("output: a pipe without a reader is told from other failures", "[ctl]") {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd writer(ends[1]);
    ::close(ends[0]);
    Output out(to_descriptor(writer.get(), "stdout"));
    out.write("a");
    out.flush();
    CHECK(out.has_no_reader());
    std::signal(SIGPIPE, before);
}

TEST_CASE("output: a descriptor that takes little at a time gets all", "[ctl]") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    const std::string text(3'000, 'x');
    REQUIRE(to_descriptor(writer.get(), "pipe")(text));
    writer.reset();
    std::string found(5'000, '\0');
    CHECK(::read(reader.get(), found.data(), found.size()) == 3'000);
    CHECK_FALSE(to_descriptor(-1, "nothing")(text));
}

}  // namespace cron::ctl
