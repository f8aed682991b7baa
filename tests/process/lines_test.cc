#include "process/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include <catch2/catch.hpp>

namespace cron::process {
namespace {

// "text/" for a whole line, "text" for one without its newline, "text+" for a piece that more of
// the line follows.
using Lines = std::vector<std::string>;

void take(LineSplitter& splitter, Lines& lines) {
    while (const auto line = splitter.next()) {
        lines.push_back(std::string(line->text) + (line->is_last ? "" : "+") +
                        (line->has_newline ? "/" : ""));
    }
}

Lines add(LineSplitter& splitter, std::string_view bytes) {
    splitter.add(bytes);
    Lines lines;
    take(splitter, lines);
    return lines;
}

Lines end(LineSplitter& splitter) {
    splitter.end();
    Lines lines;
    take(splitter, lines);
    return lines;
}

// What the lines were made of.
std::string joined(LineSplitter& splitter) {
    std::string bytes;
    while (const auto line = splitter.next()) {
        bytes.append(line->text);
        if (line->has_newline) bytes += '\n';
    }
    return bytes;
}

TEST_CASE("line splitter: lines come without their newline, an empty line too", "[lines]") {
    LineSplitter splitter;
    CHECK(add(splitter, "one\n\ntwo\nthr") == Lines{"one/", "/", "two/"});
    CHECK(add(splitter, "ee\n") == Lines{"three/"});
    CHECK(end(splitter).empty());
}

TEST_CASE("line splitter: the end gives a last line without a newline, once", "[lines]") {
    LineSplitter splitter;
    CHECK(add(splitter, "rest").empty());
    CHECK(end(splitter) == Lines{"rest"});
    CHECK(end(splitter).empty());
}

TEST_CASE("line splitter: a line above the bound comes in pieces, one at the bound does not",
          "[lines]") {
    LineSplitter splitter(4);
    CHECK(add(splitter, "abcd\n") == Lines{"abcd/"});
    CHECK(add(splitter, "abcdefghi\nx\n") == Lines{"abcd+", "efgh+", "i/", "x/"});
    CHECK(add(splitter, "abcd").empty());
    CHECK(add(splitter, "\n") == Lines{"abcd/"});
    CHECK(add(splitter, "abcdabcd") == Lines{"abcd+"});
    CHECK(end(splitter) == Lines{"abcd"});
}

TEST_CASE("line splitter: pieces are counted, and the last of them says so", "[lines]") {
    LineSplitter splitter(4);
    splitter.add("abcdefghi\nx\n");
    for (const std::uint64_t piece : {1U, 2U, 3U}) {
        const auto line = splitter.next();
        REQUIRE(line);
        CHECK(line->piece == piece);
        CHECK(line->is_last == (piece == 3));
        CHECK_FALSE(line->is_whole());
    }
    CHECK(splitter.next()->is_whole());
}

TEST_CASE("line splitter: no piece parts a character of UTF-8", "[lines]") {
    LineSplitter splitter(4);
    CHECK(add(splitter,
              "abc\xe2\x82\xac"
              "defgh\n") == Lines{"abc+",
                                  "\xe2\x82\xac"
                                  "d+",
                                  "efgh/"});
    LineSplitter slow(4);
    Lines lines;
    for (const char byte : std::string("abc\xe2\x82\xac")) {
        for (const std::string& line : add(slow, {&byte, 1})) lines.push_back(line);
    }
    for (const std::string& line : end(slow)) lines.push_back(line);
    CHECK(lines == Lines{"abc+", "\xe2\x82\xac"});
}

TEST_CASE("line splitter: how the bytes arrive makes no difference, and none is lost", "[lines]") {
    const std::string text = "a\nbbbbbbbbbbbb\n\ncc\xff\xe2\x82\n\n\xe2\x82\xac\xe2\x82\xac last";
    LineSplitter whole(5);
    Lines expected = add(whole, text);
    for (const std::string& line : end(whole)) expected.push_back(line);
    LineSplitter again(5);
    again.add(text);
    again.end();
    CHECK(joined(again) == text);
    for (std::size_t step = 1; step < text.size(); ++step) {
        LineSplitter splitter(5);
        Lines lines;
        for (std::size_t at = 0; at < text.size(); at += step) {
            splitter.add(std::string_view(text).substr(at, step));
            take(splitter, lines);
        }
        splitter.end();
        take(splitter, lines);
        CHECK(lines == expected);
    }
}

TEST_CASE("line splitter: a line of 10 MB is held a piece at a time", "[lines]") {
    LineSplitter splitter;
    const std::string chunk(kReadBytesMax, 'x');
    std::size_t bytes = 0;
    std::size_t most = 0;
    for (int i = 0; i < 640; ++i) {
        splitter.add(chunk);
        while (const auto line = splitter.next()) bytes += line->text.size();
        most = std::max(most, splitter.waiting_bytes());
    }
    splitter.end();
    while (const auto line = splitter.next()) bytes += line->text.size();
    CHECK(bytes == 640 * chunk.size());
    CHECK(most < 2 * kPieceBytesMax);
}

TEST_CASE("line reader: gives what is there, then waits, then ends with the last line", "[lines]") {
    auto pipe = make_output_pipe();
    REQUIRE(pipe);
    CHECK((fcntl(pipe->write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
    LineReader reader(std::move(pipe->read_end));
    CHECK(reader.read() == LineReader::Got::nothing);

    REQUIRE(::write(pipe->write_end.get(), "one\ntwo", 7) == 7);
    CHECK(reader.waiting_bytes() == 7);
    CHECK(reader.read() == LineReader::Got::bytes);
    CHECK(reader.waiting_bytes() == 0);
    CHECK(reader.bytes() == 7);
    CHECK(reader.next()->text == "one");
    CHECK_FALSE(reader.next());
    CHECK(reader.read() == LineReader::Got::nothing);

    pipe->write_end.reset();
    CHECK(reader.read() == LineReader::Got::end);
    const auto last = reader.next();
    REQUIRE(last);
    CHECK(last->text == "two");
    CHECK_FALSE(last->has_newline);
    CHECK_FALSE(reader.next());
}

}  // namespace
}  // namespace cron::process
