#include "process/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace cron::process {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("line splitter: lines come without their newline, an empty line too", "[lines]") {
    LineSplitter splitter;
    CHECK(splitter.add("one\n\ntwo\nthr") == Lines{"one", "", "two"});
    CHECK(splitter.add("ee\n") == Lines{"three"});
    CHECK(splitter.finish() == std::nullopt);
}

TEST_CASE("line splitter: the end gives a last line without a newline, once", "[lines]") {
    LineSplitter splitter;
    CHECK(splitter.add("rest").empty());
    CHECK(splitter.finish() == "rest");
    CHECK(splitter.finish() == std::nullopt);
}

TEST_CASE("line splitter: a line above the bound comes in pieces, one at the bound does not",
          "[lines]") {
    LineSplitter splitter(4);
    CHECK(splitter.add("abcd\n") == Lines{"abcd"});
    CHECK(splitter.add("abcdefghi\nx\n") == Lines{"abcd", "efgh", "i", "x"});
    CHECK(splitter.add("abcd").empty());
    CHECK(splitter.add("\n") == Lines{"abcd"});
    CHECK(splitter.add("abcdabcd") == Lines{"abcd"});
    CHECK(splitter.finish() == "abcd");
}

TEST_CASE("line splitter: how the bytes arrive makes no difference", "[lines]") {
    const std::string text = "a\nbbbbbbbbbbbb\n\ncc\xff\n\nlast line";
    LineSplitter whole(5);
    Lines expected = whole.add(text);
    expected.push_back(whole.finish().value_or("none"));
    for (std::size_t step = 1; step < text.size(); ++step) {
        LineSplitter splitter(5);
        Lines lines;
        for (std::size_t at = 0; at < text.size(); at += step) {
            for (std::string& line : splitter.add(std::string_view(text).substr(at, step))) {
                lines.push_back(std::move(line));
            }
        }
        lines.push_back(splitter.finish().value_or("none"));
        CHECK(lines == expected);
    }
}

TEST_CASE("line reader: gives what is there, then waits, then ends with the last line", "[lines]") {
    auto pipe = make_output_pipe();
    REQUIRE(pipe);
    CHECK((fcntl(pipe->write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
    LineReader reader(std::move(pipe->read_end));
    CHECK(reader.read().drained);

    REQUIRE(::write(pipe->write_end.get(), "one\ntwo", 7) == 7);
    LineReader::Lines lines = reader.read();
    CHECK(lines.lines == Lines{"one"});
    CHECK_FALSE(lines.drained);
    lines = reader.read();
    CHECK(lines.drained);
    CHECK_FALSE(lines.ended);

    pipe->write_end.reset();
    lines = reader.read();
    CHECK(lines.lines == Lines{"two"});
    CHECK(lines.ended);
    CHECK(reader.finish() == std::nullopt);
}

}  // namespace
}  // namespace cron::process
