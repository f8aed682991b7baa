// The lines that log watchers know.
#include "daemon/facts.h"

#include <catch2/catch.hpp>

#include "daemon/log_format.h"
#include "daemon/mail_facts.h"

namespace cron::daemon {
namespace {

std::shared_ptr<const crontab::Entry> entry() {
    auto entry = std::make_shared<crontab::Entry>();
    entry->user = "alice";
    entry->command = "echo x";
    entry->id = JobId::named("alice", "/t", "a");
    return entry;
}

engine::Spawn spawn() { return {1, {entry()->id, {}, 0}, 1, {}, entry()}; }

engine::Finish finish(const engine::ExitStatus& status) {
    engine::Finish finish;
    finish.entry = entry();
    finish.key.job = entry()->id;
    finish.outcome.status = status;
    finish.outcome.duration = microseconds{1'234'000};
    return finish;
}

Customs customs(crontab::Flavour flavour, bool pids = false) {
    Customs customs;
    customs.flavour = flavour;
    customs.run_lines.pids = pids;
    return customs;
}

spool::Loaded loaded(const std::string& name, const std::string& who) {
    spool::Loaded loaded;
    loaded.name = name;
    loaded.who = who;
    return loaded;
}

constexpr auto kDebian = crontab::Flavour::debian;
constexpr auto kCronie = crontab::Flavour::cronie;

}  // namespace

TEST_CASE("facts: starts and ends are CMD and END, or CMDEND with cronie", "[daemon]") {
    for (const auto flavour : {kDebian, kCronie}) {
        CHECK(run_started(spawn(), 100, {}, customs(flavour)).classic == "(alice) CMD (echo x)");
    }
    CHECK(run_finished(finish({}), 100, customs(kDebian)).classic ==
          "(alice) END (echo x (status 0, 1.234 s))");
    CHECK(run_finished(finish({true, 9}), 100, customs(kCronie)).classic ==
          "(alice) CMDEND (echo x (signal 9, 1.234 s))");
}

TEST_CASE("facts: with -L 8 the pid stands before the command", "[daemon]") {
    CHECK(run_started(spawn(), 100, {}, customs(kDebian, true)).classic ==
          "(alice) CMD ([100] echo x)");
    CHECK(run_finished(finish({}), 100, customs(kDebian, true)).classic ==
          "(alice) END ([100] echo x (status 0, 1.234 s))");
}

TEST_CASE("facts: a failure is told as by Debian's cron with -L 4", "[daemon]") {
    CHECK(run_failed(finish({false, 3}), 116).classic ==
          "(CRON) error (grandchild #116 failed with exit status 3)");
    CHECK(run_failed(finish({true, 9}), 108).classic ==
          "(CRON) error (grandchild #108 terminated by signal 9)");
}

TEST_CASE("facts: a table that is read again is named as the flavour does", "[daemon]") {
    const auto reload = [](const spool::Loaded& loaded, crontab::Flavour flavour) {
        return table_loaded(loaded, false, crontab::ways_of(flavour)).classic;
    };
    const auto user = loaded("/var/spool/cron/crontabs/alice", "alice");
    const auto system = loaded("/etc/cron.d/php", "*system*php");
    CHECK(reload(user, kDebian) == "(alice) RELOAD (crontabs/alice)");
    CHECK(reload(system, kDebian) == "(*system*php) RELOAD (/etc/cron.d/php)");
    CHECK(reload(user, kCronie) == "(alice) RELOAD (/var/spool/cron/crontabs/alice)");
    CHECK(reload(system, kCronie) == "(*system*) RELOAD (/etc/cron.d/php)");
}

TEST_CASE("facts: the start is told as the flavour does", "[daemon]") {
    const auto startup = [](bool is_foreground, crontab::Flavour flavour) {
        return started_up("1.0", is_foreground, crontab::ways_of(flavour)).classic;
    };
    CHECK(startup(false, kDebian) == "(CRON) STARTUP (fork ok)");
    CHECK(startup(true, kDebian) == "(CRON) STARTUP (1.0)");
    CHECK(startup(false, kCronie) == "(CRON) STARTUP (1.0)");
    CHECK(pidfile_held(3).classic == "(CRON) INFO (pidfile fd = 3)");
    CHECK(died("x is locked").classic == "(CRON) DEATH (x is locked)");
    CHECK(classic_text(stopping(15, 2, std::nullopt)) ==
          "(CRON) INFO (stopping signal=15 running=2)");
    CHECK(classic_text(stopping(2, 1, seconds{25})) ==
          "(CRON) INFO (stopping signal=2 running=1 grace_s=25)");
    CHECK(shut_down().classic == "(CRON) INFO (Shutting down)");
}

TEST_CASE("facts: what a mailer did not take is told with bytes and status in hexadecimal",
          "[daemon]") {
    CHECK(*mailer_problem({engine::ExitStatus{false, 1}, false}, 42) ==
          "mailed 42 bytes of output but got status 0x0001");
    CHECK(*mailer_problem({engine::ExitStatus{false, 75}, false}, 1) ==
          "mailed 1 byte of output but got status 0x004b");
    CHECK(*mailer_problem({engine::ExitStatus{true, 9}, true}, 2) ==
          "mailed 2 bytes of output but the mailer did not end");
    CHECK_FALSE(mailer_problem({engine::ExitStatus{}, false}, 2));
}

TEST_CASE("facts: an address that is not safe is told with what was written", "[daemon]") {
    const RunLabel run{"alice", "a", {}, 0};
    const auto classic = [&](crontab::Flavour flavour) {
        return mail_unsafe(run, "bob@example.com, c d", "no", crontab::ways_of(flavour)).classic;
    };
    CHECK(classic(kDebian) == "(alice) UNSAFE MAIL (bob@example.com, c d)");
    CHECK(classic(kCronie) == "(alice) UNSAFE (bob@example.com, c d)");
}

TEST_CASE("facts: a mail says how its run ended, where its output does not say enough",
          "[daemon]") {
    engine::Outcome outcome;
    outcome.duration = microseconds{1'500'000};
    CHECK(mail_status(outcome) == "0");
    CHECK(mail_note(outcome) == "The job succeeded after 1.500 s and printed nothing");
    outcome.printed.bytes = 1;
    CHECK(mail_note(outcome).empty());
    outcome.status = {false, 3};
    CHECK(mail_status(outcome) == "3");
    CHECK(mail_note(outcome) == "The job failed: exit status 3, after 1.500 s");
    outcome.status = {true, 9};
    CHECK(mail_status(outcome) == "signal 9");
    CHECK(mail_note(outcome) == "The job failed: signal 9, after 1.500 s");
    outcome.status = {false, 0, false};
    CHECK(mail_status(outcome) == "unknown");
    CHECK(mail_note(outcome).starts_with("How the job ended is not known"));
    outcome.kind = engine::Outcome::Kind::not_started;
    outcome.launch_error = {"exec", 2};
    CHECK(mail_status(outcome).empty());
    CHECK(mail_note(outcome) ==
          "The job was not started: exec of SHELL: No such file or directory");
}

}  // namespace cron::daemon
