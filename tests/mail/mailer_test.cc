#include "mail/mailer.h"

#include <catch2/catch.hpp>

namespace cron::mail {
namespace {

using Addresses = std::vector<std::string>;

Result<Addresses> mailto(std::string value) {
    return recipients({{"MAILTO", std::move(value)}}, "alice");
}

TEST_CASE("recipients: the owner when MAILTO is not set, nobody when it is empty", "[mail]") {
    CHECK(*recipients({}, "alice") == Addresses{"alice"});
    CHECK(*recipients({{"PATH", "/bin"}}, "_apt") == Addresses{"_apt"});
    CHECK(mailto("")->empty());
    CHECK(mailto(" ")->empty());
}

TEST_CASE("recipients: a list has commas, and blanks around them do no harm", "[mail]") {
    CHECK(*mailto("bob@example.com") == Addresses{"bob@example.com"});
    CHECK(*mailto("bob@example.com, carol") == Addresses{"bob@example.com", "carol"});
    CHECK(*mailto(" a+tag@x-y.example ,,b_c%d!e:f=g/h, ") ==
          Addresses{"a+tag@x-y.example", "b_c%d!e:f=g/h"});
}

TEST_CASE("recipients: nothing that a mailer could take for an option, a command or a file",
          "[mail]") {
    for (const std::string value :
         {"-C/tmp/evil.cf", "ok,-oQ/tmp", "|/bin/sh", "/etc/passwd", "a b", "a;b", "a\nBcc: x",
          "a\rb", "`id`", "$USER", "\"x\"@y", "<a@b>", "a@b\x01", "\xc3\xa9@b", "@a", ".a"}) {
        INFO(value);
        CHECK_FALSE(mailto(value));
    }
    CHECK_FALSE(recipients({}, "-oQ/tmp"));
    CHECK(mailto("a\nb").error().message == "MAILTO 'a\\x0ab' is not a safe mail address");
}

TEST_CASE("sender: MAILFROM where it is set and safe", "[mail]") {
    CHECK(sender({})->empty());
    CHECK(sender({{"MAILFROM", ""}})->empty());
    CHECK(*sender({{"MAILFROM", "cron@example.com"}}) == "cron@example.com");
    CHECK_FALSE(sender({{"MAILFROM", "a@b\nBcc: c@d"}}));
    CHECK_FALSE(sender({{"MAILFROM", "-f evil"}}));
}

TEST_CASE("mail is due when there is output, or as -n and CRON_MAIL say", "[mail]") {
    const engine::ExitStatus good{false, 0};
    const engine::ExitStatus bad{false, 1};
    const engine::ExitStatus killed{true, 9};
    const auto is_due = [](crontab::MailWhen when, const engine::ExitStatus& status,
                           std::uint64_t output_bytes) {
        crontab::Policy policy;
        policy.mail = when;
        crontab::Entry entry;
        entry.policy = std::make_shared<const crontab::Policy>(policy);
        engine::Outcome outcome;
        outcome.status = status;
        outcome.printed.bytes = output_bytes;
        return is_mail_due(entry, outcome);
    };
    using crontab::MailWhen;
    CHECK(is_due(MailWhen::output, good, 1));
    CHECK(is_due(MailWhen::output, bad, 1));
    CHECK_FALSE(is_due(MailWhen::output, bad, 0));
    CHECK_FALSE(is_due(MailWhen::failed_output, good, 1));
    CHECK(is_due(MailWhen::failed_output, bad, 1));
    CHECK(is_due(MailWhen::failed_output, killed, 1));
    CHECK_FALSE(is_due(MailWhen::failed_output, bad, 0));
    CHECK_FALSE(is_due(MailWhen::failure, good, 1));
    CHECK(is_due(MailWhen::failure, bad, 0));
    CHECK(is_due(MailWhen::always, good, 0));
    CHECK_FALSE(is_due(MailWhen::never, killed, 1));
}

TEST_CASE("mailer: recipients stand after the end of the options", "[mail]") {
    CHECK(mailer_arguments("/usr/sbin/sendmail", {"a@b", "c"}) ==
          Addresses{"/usr/sbin/sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "--", "a@b",
                    "c"});
}

}  // namespace
}  // namespace cron::mail
