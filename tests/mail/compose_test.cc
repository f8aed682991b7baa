#include "mail/compose.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <sstream>
#include <string_view>

namespace cron::mail {
namespace {

using namespace std::string_view_literals;

Message example() {
    Message message;
    message.user = "alice";
    message.host = "vm";
    message.command = "echo hello";
    message.recipients = {"alice"};
    message.environment = {"SHELL=/bin/sh", "HOME=/home/alice", "PATH=/usr/bin:/bin",
                           "LOGNAME=alice"};
    message.body = "hello\n";
    return message;
}

// The lines before the first empty one.
std::vector<std::string> headers_of(const std::string& mail) {
    std::vector<std::string> headers;
    std::istringstream lines(mail);
    for (std::string line; std::getline(lines, line) && !line.empty();) headers.push_back(line);
    return headers;
}

TEST_CASE("compose: the headers are those of Debian's cron", "[mail]") {
    CHECK(compose(example()) ==
          "From: root (Cron Daemon)\n"
          "To: alice\n"
          "Subject: Cron <alice@vm> echo hello\n"
          "MIME-Version: 1.0\n"
          "Content-Type: text/plain; charset=UTF-8\n"
          "Content-Transfer-Encoding: 8bit\n"
          "Auto-Submitted: auto-generated\n"
          "X-Cron-Env: <SHELL=/bin/sh>\n"
          "X-Cron-Env: <HOME=/home/alice>\n"
          "X-Cron-Env: <PATH=/usr/bin:/bin>\n"
          "X-Cron-Env: <LOGNAME=alice>\n"
          "\n"
          "hello\n");
}

TEST_CASE("compose: MAILFROM and the content headers of the table take the place of the defaults",
          "[mail]") {
    Message message = example();
    message.sender = "cron@example.com";
    message.recipients = {"a@example.com", "b"};
    message.environment = {"CONTENT_TYPE=text/html; charset=ISO-8859-1",
                           "CONTENT_TRANSFER_ENCODING=quoted-printable"};
    const auto headers = headers_of(compose(message));
    CHECK(headers[0] == "From: cron@example.com");
    CHECK(headers[1] == "To: a@example.com,");
    CHECK(headers[2] == "\tb");
    CHECK(headers[5] == "Content-Type: text/html; charset=ISO-8859-1");
    CHECK(headers[6] == "Content-Transfer-Encoding: quoted-printable");
}

TEST_CASE("compose: an empty CONTENT_TYPE is none", "[mail]") {
    Message message = example();
    message.environment = {"CONTENT_TYPE="};
    CHECK(headers_of(compose(message))[4] == "Content-Type: text/plain; charset=UTF-8");
}

TEST_CASE("compose: the body is taken byte for byte", "[mail]") {
    Message message = example();
    message.body = std::string("\n.\nFrom x\n\0\xff no newline", 24);
    const std::string mail = compose(message);
    CHECK(mail.substr(mail.size() - message.body.size()) == message.body);
}

TEST_CASE("compose: UTF-8 stands in the subject, control bytes do not", "[mail]") {
    Message message = example();
    message.command = "echo gr\xc3\xbc\xc3\x9f\x65\r\nBcc: evil@example.com\x1b[2J\xff";
    CHECK(headers_of(compose(message))[2] ==
          "Subject: Cron <alice@vm> echo gr\xc3\xbc\xc3\x9f\x65\\x0d\\x0a"
          "Bcc: evil@example.com\\x1b[2J\\xff");
}

TEST_CASE("compose: a long header is cut, between characters", "[mail]") {
    Message message = example();
    message.environment.clear();
    for (std::size_t shift = 0; shift < 4; ++shift) {
        message.command = std::string(shift, 'x');
        for (int i = 0; i < 1000; ++i) message.command += "\xe2\x82\xac";
        const std::string subject = headers_of(compose(message))[2];
        CHECK(subject.size() <= 998);
        CHECK(subject.substr(subject.size() - 6) == "\xe2\x82\xac...");
    }
}

TEST_CASE("compose: no bytes anywhere make a header of their own", "[mail]") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    std::mt19937 rng(seed);
    const auto noise = [&rng] {
        constexpr std::string_view kBytes = "\r\n\t :a\xc2\x85\xe2\x80\xa8\0\v<>Bcc"sv;
        std::string text;
        for (auto left = rng() % 40; left > 0; --left) text += kBytes[rng() % kBytes.size()];
        return text;
    };
    for (int i = 0; i < 1000; ++i) {
        Message message = example();
        message.user = noise();
        message.host = noise();
        message.command = noise();
        message.sender = noise();
        message.recipients = {noise(), noise()};
        message.environment = {"CONTENT_TYPE=" + noise(), "CONTENT_TRANSFER_ENCODING=" + noise(),
                               noise()};
        const std::string mail = compose(message);
        INFO("seed " << seed << "\n" << mail);
        const auto headers = headers_of(mail);
        REQUIRE(headers.size() == 11);
        CHECK(headers[2].front() == '\t');
        CHECK(headers[10].substr(0, 13) == "X-Cron-Env: <");
        CHECK(mail.find('\r') == std::string::npos);
        CHECK(mail.find('\0') == std::string::npos);
    }
}

}  // namespace
}  // namespace cron::mail
