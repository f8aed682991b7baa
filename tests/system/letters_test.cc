// Mail that its mailer does not take, with the whole daemon: it is kept, and sent at last.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "machine.h"
#include "mail/letter.h"

namespace cron::system_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMail = "/var/spool/cron/mail";

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

// The messages that the mailer of `root` got.
std::vector<std::string> mails(const TempRoot& root) {
    std::vector<std::string> found;
    for (const std::string& name : root.names("/mail")) {
        if (name.ends_with(".mail")) found.push_back(root.read("/mail/" + name));
    }
    return found;
}

std::string bad_mailer(const TempRoot& root, const std::string& ending = "exit 75") {
    root.write("/bad-mailer", "#!/bin/sh\n" + ending + "\n", 0755);
    return root.path("/bad-mailer");
}

std::vector<std::string> arguments(const TempRoot& root, const std::string& mailer) {
    return crond_arguments(root, {"--mailer", mailer});
}

// The one letter that is kept, its file changed in this way, is due now.
void make_due(const TempRoot& root, const std::string& from = "", const std::string& to = "") {
    const auto names = root.names(kMail);
    REQUIRE(names.size() == 1);
    const std::string path = std::string(kMail) + '/' + names.front();
    auto name = mail::parse_letter_name(names.front());
    REQUIRE(name);
    name->next = 0;
    std::string text = root.read(path);
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    fs::remove(root.path(path));
    root.write(std::string(kMail) + '/' + mail::print(*name), text, 0600);
}

// A daemon that has kept the mail of one job, and was ended.
void keep_one(const TempRoot& root, int signal = SIGTERM) {
    root.user_table("daemon", "@reboot echo precious\n");
    Process crond(arguments(root, bad_mailer(root)));
    REQUIRE(crond.writes(event("mail-kept")));
    CHECK(crond.writes("\"reason\":\"mailed 9 bytes of output but got status 0x004b\""));
    CHECK(crond.count("\"line\":") == 0);
    crond.signal(signal);
    crond.wait();
    REQUIRE(root.names(kMail).size() == 1);
}

}  // namespace

TEST_CASE("mail: what a mailer did not take the next daemon sends, however the first one ended",
          "[system]") {
    if (!is_root()) return;
    for (const int signal : {SIGTERM, SIGKILL}) {
        const TempRoot root;
        keep_one(root, signal);
        make_due(root);
        Process next(arguments(root, root.mailer()));
        REQUIRE(next.writes(event("mail-sent")));
        CHECK(next.writes("\"tries\":2"));
        REQUIRE(mails(root).size() == 1);
        const std::string mail = mails(root).front();
        CHECK(mail.find("To: daemon\n") != std::string::npos);
        CHECK(mail.find("X-Cron-Env: <LOGNAME=daemon>\n") != std::string::npos);
        CHECK(mail.find("\n\nprecious\n") != std::string::npos);
        for (const std::string& name : root.names("/mail")) {
            if (name.ends_with(".user")) CHECK(root.read("/mail/" + name) == "daemon\n");
        }
        CHECK(root.names(kMail).empty());
    }
}

TEST_CASE("mail: what is not due yet waits for its time in the next daemon too", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    keep_one(root);
    const auto names = root.names(kMail);
    Process next(arguments(root, root.mailer()));
    root.user_table("daemon", "@every 1s echo another\n");
    REQUIRE(next.writes(event("run-ended")));
    REQUIRE(eventually([&] { return !mails(root).empty(); }));
    CHECK(next.count(event("mail-sent")) == 0);
    CHECK(root.names(kMail) == names);
}

TEST_CASE("mail: others cannot read what is kept", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    keep_one(root);
    struct stat status {};
    REQUIRE(::stat(root.path(kMail).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
    const std::string letter = std::string(kMail) + '/' + root.names(kMail).front();
    REQUIRE(::stat(root.path(letter).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("mail: a mailer that is killed has not taken it", "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.user_table("daemon", "@reboot echo precious\n");
    Process crond(arguments(root, bad_mailer(root, "kill -KILL $$")));
    REQUIRE(crond.writes(event("mail-kept")));
    CHECK(crond.writes("but got signal 9"));
    CHECK(root.names(kMail).size() == 1);
}

TEST_CASE("mail: what waits for its turn when the daemon stops is sent once by the next",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    const std::string out = root.open_folder("/out");
    // Four of a user have a turn, and wait until they may go.
    const std::string mailer =
        root.mailer(": >" + out + "/$$; until [ -e " + out + "/go ]; do sleep 0.02; done");
    std::string table;
    for (int job = 0; job < 6; ++job)
        table += "@reboot echo output of " + std::to_string(job) + "\n";
    root.user_table("daemon", table);
    {
        Process crond(arguments(root, mailer));
        REQUIRE(crond.writes(event("run-ended"), 6));
        REQUIRE(eventually([&] { return root.names("/out").size() == 4; }));
        crond.signal(SIGTERM);
        CHECK(crond.wait() == 0);
        CHECK(crond.count(event("mail-kept")) == 2);
        CHECK(crond.count("\"line\":") == 0);
    }
    CHECK(root.names(kMail).size() == 2);
    root.write("/out/go", "");
    Process next(arguments(root, mailer));
    REQUIRE(next.writes(event("mail-sent"), 2));
    const auto all = mails(root);
    CHECK(all.size() == 6);
    for (int job = 0; job < 6; ++job) {
        const std::string body = "\n\noutput of " + std::to_string(job) + "\n";
        CHECK(std::count_if(all.begin(), all.end(), [&](const std::string& mail) {
                  return mail.find(body) != std::string::npos;
              }) == 1);
    }
    CHECK(root.names(kMail).empty());
}

TEST_CASE("mail: of a user who is gone, or is another by now, the log has the output", "[system]") {
    if (!is_root()) return;
    const std::vector<std::vector<std::string>> changes = {
        {"user 6\ndaemon\n", "user 6\nnobodx\n", "there is no user 'nobodx'"},
        {"uid 1\n1\n", "uid 1\n9\n", "user daemon has uid 1 now, and had 9"}};
    for (const auto& change : changes) {
        const TempRoot root;
        keep_one(root);
        make_due(root, change[0], change[1]);
        Process next(arguments(root, root.mailer()));
        REQUIRE(next.writes(event("mail-given-up")));
        CHECK(next.writes(change[2]));
        CHECK(next.writes("\"line\":\"precious\""));
        CHECK(eventually([&] { return root.names(kMail).empty(); }));
        CHECK(mails(root).empty());
    }
}

TEST_CASE("mail: a damaged letter is set aside, one of a newer version stays, and both are said",
          "[system]") {
    if (!is_root()) return;
    const std::vector<std::vector<std::string>> changes = {
        {"message ", "massage ", "mail-damaged", ".damaged"},
        {"belfry letter 1\n", "belfry letter 2\n", "mail-unreadable", ".0"}};
    for (const auto& change : changes) {
        const TempRoot root;
        keep_one(root);
        make_due(root, change[0], change[1]);
        Process next(arguments(root, root.mailer()));
        REQUIRE(next.writes(event(change[2])));
        REQUIRE(root.names(kMail).size() == 1);
        CHECK(root.names(kMail).front().ends_with(change[3]));
        CHECK(mails(root).empty());
        // It is no hindrance.
        root.user_table("daemon", "@every 1s echo another\n");
        CHECK(eventually([&] { return !mails(root).empty(); }));
    }
}

TEST_CASE("mail: with tables as arguments nothing is kept, and the log has the output",
          "[system]") {
    if (!is_root()) return;
    const TempRoot root;
    root.write("/table", "@reboot echo precious\n");
    Process crond(crond_arguments(
        root, {"--mailer", bad_mailer(root), "--output", "mail", root.path("/table")}));
    CHECK(crond.writes("\"line\":\"precious\""));
    CHECK(crond.writes("but got status 0x004b"));
    CHECK_FALSE(fs::exists(root.path(kMail)));
}

}  // namespace cron::system_test
