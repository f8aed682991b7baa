#include "mail/encoding.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <sstream>

namespace cron::mail {
namespace {

using namespace std::string_view_literals;

std::string noise(std::mt19937& rng, std::string_view bytes, std::size_t most) {
    std::string text;
    for (auto left = rng() % most; left > 0; --left) text += bytes[rng() % bytes.size()];
    return text;
}

}  // namespace

// Source: RFC 2045, 6.7.
TEST_CASE("quoted-printable: = and what does not print are escaped, and blanks that end a line",
          "[mail]") {
    CHECK(quoted_printable("a=b\xc3\xbc\r\n\tx \n \n") == "a=3Db=C3=BC=0D\n\tx=20\n=20\n");
    CHECK(quoted_printable("") == "");
    CHECK(quoted_printable("no newline\t") == "no newline=09");
}

TEST_CASE("encodings: what was encoded is read again, in lines of up to 76 bytes", "[mail]") {
    std::mt19937 rng(7);
    for (int i = 0; i < 500; ++i) {
        const std::string body = noise(rng, "\0\r\n\n =a.\tF\xff\xc3\xbc"sv, 400);
        for (const std::string& text : {quoted_printable(body), base64_lines(body)}) {
            std::istringstream lines(text);
            for (std::string line; std::getline(lines, line);) {
                REQUIRE(line.size() <= 76);
                REQUIRE((line.empty() || (line.back() != ' ' && line.back() != '\t')));
            }
        }
        REQUIRE(decode_quoted_printable(quoted_printable(body)) == body);
        REQUIRE(decode_base64(base64_lines(body)) == body);
    }
}

TEST_CASE("decoding: what was not encoded is taken as it is", "[mail]") {
    CHECK(decode_quoted_printable("a=zz=4 =") == "a=zz=4 =");
    CHECK(decode_base64("no base64!") == "no base64!");
}

TEST_CASE("header: what is printable ASCII stands as it is, however long", "[mail]") {
    CHECK(text_header("Subject", "Cron <a@b> x = ?y?") == "Subject: Cron <a@b> x = ?y?\n");
    const std::string text(900, 'x');
    CHECK(text_header("X", text) == "X: " + text + "\n");
}

// Source: RFC 2047.
TEST_CASE("header: other characters are in encoded words, and so is what looks like one",
          "[mail]") {
    CHECK(text_header("S", "a b\xc3\xbc c") == "S: a =?UTF-8?Q?b=C3=BC_c?=\n");
    CHECK(text_header("S", "\xc3\xbc") == "S: =?UTF-8?Q?=C3=BC?=\n");
    CHECK(text_header("S", "a =?UTF-8?Q?b?=") == "S: a =?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fb=3F=3D?=\n");
}

TEST_CASE("header: lines with encoded words are of up to 76 bytes, and part no character",
          "[mail]") {
    std::mt19937 rng(7);
    for (int i = 0; i < 500; ++i) {
        std::string value = noise(rng, "ab c", 100);
        for (auto left = rng() % 60 + 1; left > 0; --left) value += "\xe2\x82\xac";
        const std::string header = text_header("Subject", value);
        std::istringstream lines(header);
        std::size_t characters = 0;
        for (std::string line; std::getline(lines, line);) {
            const std::size_t word = line.find("=?UTF-8?Q?");
            if (word == std::string::npos) continue;
            REQUIRE(line.size() <= 76);
            REQUIRE(line.ends_with("?="));
            for (std::size_t at = line.find("=E2=82=AC"); at != std::string::npos;
                 at = line.find("=E2=82=AC", at + 1)) {
                ++characters;
            }
        }
        REQUIRE(characters ==
                static_cast<std::size_t>(std::count(value.begin(), value.end(), '\xe2')));
    }
}

}  // namespace cron::mail
