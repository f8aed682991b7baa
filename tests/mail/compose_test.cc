#include "mail/compose.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <sstream>
#include <string_view>

#include "mail/letter.h"

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
    message.run = "d6ec0721ad0cf137-20261121T120000Z";
    message.domain = "vm.example.org";
    message.date = Instant{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}} + hours{12};
    message.offset = hours{1};
    message.status = "0";
    message.duration = "0.003";
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

std::string header_of(const std::string& mail, const std::string& name) {
    for (const std::string& line : headers_of(mail)) {
        if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
    }
    return {};
}

TEST_CASE("compose: the headers are those of Debian's cron, and then ours", "[mail]") {
    CHECK(compose(example()) ==
          "From: root (Cron Daemon)\n"
          "To: alice\n"
          "Subject: Cron <alice@vm> echo hello\n"
          "MIME-Version: 1.0\n"
          "Content-Type: text/plain; charset=UTF-8\n"
          "Content-Transfer-Encoding: 8bit\n"
          "Auto-Submitted: auto-generated\n"
          "Date: Sat, 21 Nov 2026 13:00:00 +0100\n"
          "Message-ID: <d6ec0721ad0cf137-20261121T120000Z@vm.example.org>\n"
          "X-Cron-Status: 0\n"
          "X-Cron-Duration: 0.003\n"
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

TEST_CASE("compose: with flavour cronie the headers are cronie's", "[mail]") {
    Message message = example();
    message.flavour = crontab::Flavour::cronie;
    const auto headers = headers_of(compose(message));
    CHECK(headers[0] == "From: \"(Cron Daemon)\" <root>");
    CHECK(headers[6] == "Auto-Submitted: auto-generated");
    CHECK(headers[7] == "Precedence: bulk");
    message.sender = "cron@example.com";
    CHECK(headers_of(compose(message))[0] == "From: \"(Cron Daemon)\" <cron@example.com>");
}

TEST_CASE("compose: a body that may travel as it is does, byte for byte", "[mail]") {
    Message message = example();
    message.body = "\n.\nFrom x\n\xff " + std::string(996, 'x') + "\n\tno newline";
    const std::string mail = compose(message);
    CHECK(header_of(mail, "Content-Transfer-Encoding") == "8bit");
    CHECK(mail.ends_with("\n\n" + message.body));
}

TEST_CASE("compose: a line that is too long, a NUL or a CR is encoded, as short as may be",
          "[mail]") {
    const auto [body, encoding] = GENERATE(table<std::string, std::string>({
        {std::string(999, 'x') + "\n", "quoted-printable"},
        {std::string("binary \0", 8), "quoted-printable"},
        {"10%\r20%\r30%\n", "quoted-printable"},
        {std::string(600, '\xff') + std::string(1000, 'x'), "base64"},
    }));
    Message message = example();
    message.body = body;
    const std::string mail = compose(message);
    CHECK(header_of(mail, "Content-Transfer-Encoding") == encoding);
    CHECK(mail.find('\0') == std::string::npos);
    CHECK(mail.find('\r') == std::string::npos);
    std::istringstream lines(mail);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 998);
    CHECK(body_of(mail) == body);
}

TEST_CASE("compose: CONTENT_TRANSFER_ENCODING is what the body has, if the body can", "[mail]") {
    struct Case {
        std::string asked;
        std::string body;
        std::string encoding;
        std::string written;  // the body as it stands in the mail
    };
    const Case c = GENERATE(values<Case>({
        {"8bit", "gr\xc3\xbc\xc3\x9f\n", "8bit", "gr\xc3\xbc\xc3\x9f\n"},
        {"7bit", "hello\n", "7bit", "hello\n"},
        {"7bit", "gr\xc3\xbc\xc3\x9f to all of you, and to everybody else\n", "quoted-printable",
         "gr=C3=BC=C3=9F to all of you, and to everybody else\n"},
        {"Quoted-Printable", "a=b \n", "quoted-printable", "a=3Db=20\n"},
        {"base64", "hello\n", "base64", "aGVsbG8K\n"},
        // Made by the job itself.
        {"binary", "a\rb", "binary", "a\rb"},
        {"x-uuencode", "begin 644 x\n", "x-uuencode", "begin 644 x\n"},
    }));
    Message message = example();
    message.environment = {"CONTENT_TRANSFER_ENCODING=" + c.asked};
    message.body = c.body;
    const std::string mail = compose(message);
    CHECK(header_of(mail, "Content-Transfer-Encoding") == c.encoding);
    CHECK(mail.ends_with("\n\n" + c.written));
    CHECK(body_of(mail) == c.body);
}

TEST_CASE("compose: the charset is that of the job's locale", "[mail]") {
    struct Case {
        std::vector<std::string> environment;
        std::string charset;
    };
    const Case c = GENERATE(values<Case>({
        {{}, "UTF-8"},
        {{"LANG=C"}, "UTF-8"},
        {{"LANG=C.UTF-8"}, "UTF-8"},
        {{"LANG=de_DE.utf8"}, "UTF-8"},
        {{"LANG=de_DE.ISO-8859-1"}, "ISO-8859-1"},
        {{"LANG=de_DE.iso885915@euro"}, "ISO-8859-15"},
        {{"LANG=ja_JP.EUC-JP"}, "EUC-JP"},
        {{"LC_ALL=ru_RU.KOI8-R", "LANG=C.UTF-8"}, "KOI8-R"},
        {{"LC_ALL=", "LC_CTYPE=ru_RU.KOI8-R", "LANG=C.UTF-8"}, "KOI8-R"},
        {{"LANG=x.y; boundary=z"}, "UTF-8"},
        {{"LANG=x.a\nBcc: evil"}, "UTF-8"},
    }));
    Message message = example();
    message.environment = c.environment;
    CHECK(header_of(compose(message), "Content-Type") == "text/plain; charset=" + c.charset);
}

TEST_CASE("compose: how a run ended stands below its output, where that is plain text", "[mail]") {
    Message message = example();
    message.note = "The job failed: exit status 3, after 0.003 s";
    CHECK(compose(message).ends_with("\n\nhello\n\n" + message.note + "\n"));
    message.body = "no newline";
    CHECK(compose(message).ends_with("\n\nno newline\n\n" + message.note + "\n"));
    message.body = "";
    CHECK(compose(message).ends_with("\n\n" + message.note + "\n"));
    message.body = "<p>hello</p>\n";
    message.environment = {"CONTENT_TYPE=text/html"};
    CHECK(compose(message).ends_with("\n\n" + message.body));
    message.environment = {"CONTENT_TRANSFER_ENCODING=binary"};
    CHECK(compose(message).ends_with("\n\n" + message.body));
}

TEST_CASE("compose: the subject says that a run failed where it is to", "[mail]") {
    Message message = example();
    message.is_told_failed = true;
    CHECK(headers_of(compose(message))[2] == "Subject: Cron <alice@vm> echo hello (failed)");
}

TEST_CASE("compose: the date is RFC 5322's, whatever the offset and the year", "[mail]") {
    Message message = example();
    message.offset = -(hours{3} + minutes{30});
    CHECK(header_of(compose(message), "Date") == "Sat, 21 Nov 2026 08:30:00 -0330");
    message.date = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};
    message.offset = {};
    CHECK(header_of(compose(message), "Date") == "Fri, 31 Dec 9999 00:00:00 +0000");
}

TEST_CASE("compose: a message id is one word, whatever the host is called", "[mail]") {
    Message message = example();
    message.domain = "a b>\n_c";
    CHECK(header_of(compose(message), "Message-ID") ==
          "<d6ec0721ad0cf137-20261121T120000Z@a-b---c>");
    message.domain = "";
    CHECK(header_of(compose(message), "Message-ID").ends_with("@localhost>"));
}

TEST_CASE("compose: UTF-8 is encoded in headers, from its word on, and control bytes do not stand",
          "[mail]") {
    Message message = example();
    message.command = "echo gr\xc3\xbc\xc3\x9f\x65\r\nBcc: evil@example.com\x1b[2J\xff";
    message.environment = {"NAME=gr\xc3\xbc\xc3\x9f\x65"};
    const auto headers = headers_of(compose(message));
    CHECK(headers[2] ==
          "Subject: Cron <alice@vm> echo =?UTF-8?Q?gr=C3=BC=C3=9Fe=5Cx0d=5Cx0aBcc=3A_?=");
    CHECK(headers[3] == " =?UTF-8?Q?evil=40example=2Ecom=5Cx1b=5B2J=5Cxff?=");
    CHECK(headers.back() == "X-Cron-Env: =?UTF-8?Q?=3CNAME=3Dgr=C3=BC=C3=9Fe=3E?=");
}

TEST_CASE("compose: a long header is cut, between characters", "[mail]") {
    Message message = example();
    message.environment.clear();
    for (std::size_t shift = 0; shift < 4; ++shift) {
        message.command = std::string(shift, 'x');
        for (int i = 0; i < 1000; ++i) message.command += "\xe2\x82\xac";
        const auto headers = headers_of(compose(message));
        const auto end = std::find_if(headers.begin() + 3, headers.end(),
                                      [](const auto& line) { return line.front() != ' '; });
        CHECK(std::all_of(headers.begin() + 2, end,
                          [](const std::string& line) { return line.size() <= 76; }));
        CHECK((end - 1)->ends_with("=E2=82=AC=2E=2E=2E?="));
    }
    message.command = std::string(2000, 'x');
    const std::string subject = headers_of(compose(message))[2];
    CHECK(subject.size() <= 998);
    CHECK(subject.ends_with("xxx..."));
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
        std::vector<std::string> names;
        for (const std::string& line : headers_of(mail)) {
            if (line.front() != ' ' && line.front() != '\t') {
                names.push_back(line.substr(0, line.find(':')));
            }
        }
        CHECK(names == std::vector<std::string>{"From", "To", "Subject", "MIME-Version",
                                                "Content-Type", "Content-Transfer-Encoding",
                                                "Auto-Submitted", "Date", "Message-ID",
                                                "X-Cron-Status", "X-Cron-Duration", "X-Cron-Env",
                                                "X-Cron-Env", "X-Cron-Env"});
        CHECK(mail.find('\r') == std::string::npos);
        CHECK(mail.find('\0') == std::string::npos);
    }
}

}  // namespace
}  // namespace cron::mail
