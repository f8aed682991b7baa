#include "mail/letter.h"

#include <catch2/catch.hpp>

#include "mail/compose.h"

namespace cron::mail {
namespace {

Letter sample() {
    Letter letter;
    letter.user = "alice";
    letter.uid = 1000;
    letter.job = "backup";
    letter.due = Instant(microseconds{1'795'000'000'000'000});
    letter.pass = 2;
    letter.since = Instant(microseconds{1'795'000'001'500'000});
    letter.recipients = {"alice", "bob@example.com"};
    letter.home = "/home/alice";
    letter.environment = {"PATH=/usr/bin:/bin", "EMPTY=", "BYTES=\xff\n\x01 9\n"};
    letter.message = "To: alice\n\nline\nvariable 3\nX=1\n\n\xff no text, and no newline";
    return letter;
}

std::string text_of(const Letter& letter) { return *print(letter); }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("letter: what is printed is read again, byte for byte", "[mail]") {
    Letter letter = sample();
    CHECK(*parse_letter(text_of(letter)) == letter);
    letter.message = std::string("nul \0 in a message", 18);
    letter.environment.clear();
    letter.home.clear();
    letter.due = Instant(microseconds{-1});
    CHECK(*parse_letter(text_of(letter)) == letter);
}

TEST_CASE("letter: cut anywhere, or with more behind it, it is damaged", "[mail]") {
    const std::string text = text_of(sample());
    for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
        INFO(bytes);
        const auto letter = parse_letter(std::string_view(text).substr(0, bytes));
        REQUIRE_FALSE(letter);
        CHECK(letter.error().code == ErrorCode::damaged);
    }
    CHECK_FALSE(parse_letter(text + "\n"));
    CHECK_FALSE(parse_letter(text + text));
}

TEST_CASE("letter: what no letter of ours has is damaged", "[mail]") {
    const std::string text = text_of(sample());
    const std::vector<std::pair<std::string, std::string>> changes = {
        {"user 5\nalice\n", ""},
        {"user 5\nalice\n", "user 0\n\n"},
        {"user 5\nalice\n", "user 5\nali\n\n"},
        {"user 5\nalice", std::string("user 5\nal\0ce", 12)},
        {"user 5\n", "user 05\n"},
        {"user 5\n", "user -5\n"},
        {"user 5\n", "user 6\n"},
        {"user 5\n", "user 18446744073709551615\n"},
        {"user 5\n", "user 18446744073709551616\n"},
        {"user 5\n", "user  5\n"},
        {"user 5\n", "user\n"},
        {"user 5\n", "users 5\n"},
        {"uid 4\n1000\n", "uid 2\n-1\n"},
        {"uid 4\n1000\n", "uid 10\n4294967296\n"},
        {"uid 4\n1000\n", "uid 4\n0000\n"},
        {"uid 4\n1000\n", "uid 4\n10 0\n"},
        {"pass 1\n2\n", "pass 0\n\n"},
        {"due 16\n", "due 15\n"},
        {"recipient 5\nalice\n", "recipient 5\n-oQ/x\n"},
        {"recipient 5\nalice\nrecipient 15\nbob@example.com\n", ""},
        {"home 11\n/home/alice\n", ""},
        {"variable 6\nEMPTY=\n", "variable 6\nEMPTY \n"},
        {"variable 6\nEMPTY=\n", "variable 6\n=EMPTY\n"},
        {"variable 6\nEMPTY=\n", "variable 0\n\n"},
        {"variable 6\nEMPTY=\n", "unknown 6\nEMPTY=\n"},
        {"belfry letter", "another letter"},
    };
    for (const auto& [from, to] : changes) {
        INFO(from << " -> " << to);
        const auto letter = parse_letter(replaced(text, from, to));
        REQUIRE_FALSE(letter);
        CHECK(letter.error().code == ErrorCode::damaged);
    }
    CHECK_FALSE(parse_letter(std::string(1 << 20, '\n')));
}

TEST_CASE("letter: one of another version is not ours to judge", "[mail]") {
    const std::string text = text_of(sample());
    const auto newer = parse_letter(replaced(text, "belfry letter 1\n", "belfry letter 2\n"));
    REQUIRE_FALSE(newer);
    CHECK(newer.error().code == ErrorCode::invalid);
    CHECK(newer.error().message == "it is a letter of version '2', and not 1");
}

TEST_CASE("letter: one that is too large is not kept", "[mail]") {
    Letter letter = sample();
    letter.message.assign(kLetterBytesMax - 1000, 'x');
    CHECK(print(letter));
    letter.message.assign(kLetterBytesMax, 'x');
    REQUIRE_FALSE(print(letter));
    CHECK(print(letter).error().code == ErrorCode::limit);
}

TEST_CASE("letter: the body is found behind the headers", "[mail]") {
    Message message;
    message.user = "alice";
    message.command = "echo\n\nx";
    message.recipients = {"alice", "bob"};
    message.environment = {"A=", "B=x\n\ny", "CONTENT_TYPE=\n\n"};
    message.body = "\n\nfirst\n\nsecond";
    CHECK(body_of(compose(message)) == message.body);
    CHECK(body_of("no header") == "no header");
    message.body = std::string(1500, '=') + "\r\n";
    CHECK(body_of(compose(message)) == message.body);
    message.environment = {"CONTENT_TRANSFER_ENCODING=base64"};
    CHECK(body_of(compose(message)) == message.body);
}

TEST_CASE("letter name: tag, tries and next try, in one spelling only", "[mail]") {
    const LetterName name{0x12ab, 3, 1'795'000'060};
    CHECK(print(name) == "00000000000012ab.3.1795000060");
    CHECK(*parse_letter_name(print(name)) == name);
    const LetterName extreme{~std::uint64_t{0}, ~std::uint32_t{0}, -1};
    CHECK(*parse_letter_name(print(extreme)) == extreme);
    for (const std::string text :
         {"", ".", "..", "00000000000012ab", "00000000000012ab.3", "12ab.3.1795000060",
          "00000000000012AB.3.1", "00000000000012ab.03.1", "00000000000012ab.3.+1",
          "00000000000012ab.3.1.damaged", "00000000000012ab.3.1 ", ".new", "0x00000000000012.3.1",
          "00000000000012ab.4294967296.1", "00000000000012ab..1", "00000000000012ab.3.",
          "100000000000012ab.3.1"}) {
        INFO(text);
        CHECK_FALSE(parse_letter_name(text));
    }
}

TEST_CASE("retry: after a minute, then twice as long each time up to an hour, for five days",
          "[mail]") {
    const std::vector<int> first = {60, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (std::uint32_t tries = 0; tries < first.size(); ++tries) {
        CHECK(retry_delay(tries) == seconds{first[tries]});
    }
    seconds all{0};
    std::uint32_t tries = 1;
    for (; const auto delay = retry_delay(tries); ++tries) all += *delay;
    CHECK(tries == kTriesMax);
    CHECK(all >= std::chrono::hours{5 * 24});
    CHECK(all < std::chrono::hours{5 * 24 + 1});
    CHECK_FALSE(retry_delay(~std::uint32_t{0}));
}

}  // namespace cron::mail
