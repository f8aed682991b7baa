#include "ctl/tables.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

namespace cron::ctl {
namespace {

TableFiles read(const Options& options, const Surroundings& surroundings = plain_surroundings()) {
    auto files = read_tables(options, surroundings, calendar::Zone(), std::nullopt);
    REQUIRE(files);
    return *std::move(files);
}

Options files(std::vector<std::string> what) {
    Options options;
    options.what = std::move(what);
    return options;
}

}  // namespace

TEST_CASE("tables: a file is named as crond would name it, and shown as it was given", "[ctl]") {
    const TemporaryFolder folder;
    folder.write("t", "0 6 * * * a\n");
    Surroundings surroundings = plain_surroundings();
    REQUIRE(::chdir(folder.path().c_str()) == 0);
    surroundings.directory = folder.path();
    const TableFiles found = read(files({"t", folder.path() + "/t", "./t"}), surroundings);
    // All are the first.
    REQUIRE(found.tables.size() == 1);
    CHECK(found.tables[0].shown == "t");
    CHECK(found.tables[0].name == folder.path() + "/t");
    REQUIRE(::chdir("/") == 0);
}

TEST_CASE("tables: --as judges a file as the installed crontab of a user", "[ctl]") {
    const TemporaryFolder folder;
    Options options = files({folder.write("t", "H H * * * a\n")});
    options.as = "alice";
    const TableFiles found = read(options);
    CHECK(found.tables[0].name == "/var/spool/cron/crontabs/alice");
    CHECK(found.tables[0].owner == "alice");
    CHECK(found.tables[0].table.entries[0]->user == "alice");

    // The choice is that of the installed table.
    const TemporaryFolder root;
    Options installed = files({root.write("var/spool/cron/crontabs/alice", "H H * * * a\n")});
    installed.root = root.path();
    options.root = root.path();
    CHECK(read(installed).tables[0].table.entries[0]->schedule ==
          read(options).tables[0].table.entries[0]->schedule);
}

TEST_CASE("tables: those in crond's own places are of the kind that they are there", "[ctl]") {
    const TemporaryFolder root;
    Options options = files({root.write("etc/crontab", "0 6 * * * root a\n"),
                             root.write("etc/cron.d/php", "0 6 * * * www b\n"),
                             root.write("var/spool/cron/crontabs/bob", "0 6 * * * c\n"),
                             root.write("other", "0 6 * * * d\n")});
    options.root = root.path();
    const TableFiles found = read(options);
    REQUIRE(found.tables.size() == 4);
    CHECK(found.problems.empty());
    CHECK(found.tables[0].kind == crontab::Kind::system);
    CHECK(found.tables[1].kind == crontab::Kind::system);
    CHECK(found.tables[1].table.entries[0]->user == "www");
    CHECK(found.tables[2].kind == crontab::Kind::user);
    CHECK(found.tables[2].owner == "bob");
    CHECK(found.tables[3].kind == crontab::Kind::user);
}

TEST_CASE("tables: one below --root is the same table, however the folder is written", "[ctl]") {
    const TemporaryFolder folder;
    folder.write("R/etc/crontab", "H H(4-20) * * * root a\n");
    folder.write("R/etc/cron.d/php", "H H(4-20) * * * www b\n");
    folder.write("R/var/spool/cron/crontabs/bob", "H H(4-20) * * * c\n");
    Surroundings surroundings = plain_surroundings();
    surroundings.directory = folder.path();
    const std::string root = folder.path() + "/R";
    REQUIRE(::chdir(folder.path().c_str()) == 0);
    for (const std::string& written : {root, root + "/", std::string("R"), std::string("R//")}) {
        INFO(written);
        const Ended ended = run({"check", "--json", "--root", written, root + "/etc/crontab",
                                 "R/etc/../etc/cron.d/php", "R/var/spool/cron/crontabs/bob"},
                                surroundings);
        CHECK(ended.status == 0);
        for (const char* name : {"/etc/crontab", "/etc/cron.d/php", "/var/spool/cron/crontabs/bob"})
            CHECK(contains(ended.out, "\"table\":\"" + root + name + "\""));
        CHECK(contains(ended.out, R"("kind":"system")"));
        CHECK(contains(ended.out, R"("owner":"bob")"));
    }
    // A ".." stays in a name, as it does in crond's.
    Options options = files({"R/etc/crontab"});
    options.root = folder.path() + "/x/../R";
    CHECK(read(options, surroundings).tables[0].name == options.root + "/etc/crontab");
    REQUIRE(::chdir("/") == 0);
}

TEST_CASE("tables: a file of cron.d that crond would not read is told", "[ctl]") {
    const TemporaryFolder root;
    Options options = files({root.write("etc/cron.d/php.bak", "0 6 * * * root a\n")});
    options.root = root.path();
    const TableFiles found = read(options);
    REQUIRE(found.problems.size() == 1);
    CHECK(found.problems[0].severity == crontab::Severity::warning);
    CHECK(contains(found.problems[0].message, "crond ignores this file"));
    CHECK_FALSE(found.have_errors());
}

TEST_CASE("tables: --system gives every file a user column", "[ctl]") {
    const TemporaryFolder folder;
    Options options = files({folder.write("t", "0 6 * * * alice a\n")});
    options.system = true;
    CHECK(read(options).tables[0].table.entries[0]->user == "alice");
    CHECK(read(options).tables[0].table.entries[0]->command == "a");
}

TEST_CASE("tables: --system without a file is the whole machine, by crond's rules", "[ctl]") {
    const TemporaryFolder root;
    root.write("etc/crontab", "0 6 * * * root a\n");
    root.write("etc/cron.d/ok", "0 6 * * * root b\n0 6 * * * nobody-of-this-name c\n");
    root.write("etc/cron.d/bad.name", "0 6 * * * root d\n");
    for (const char* path : {"/etc/crontab", "/etc/cron.d/ok", "/etc/cron.d/bad.name"})
        REQUIRE(::chmod((root.path() + path).c_str(), 0644) == 0);
    Options options;
    options.system = true;
    options.root = root.path();
    const TableFiles found = read(options);
    REQUIRE(found.tables.size() == 2);
    CHECK(found.tables[0].name == root.path() + "/etc/cron.d/ok");
    CHECK(found.tables[0].kind == crontab::Kind::system);
    REQUIRE(found.tables[0].table.entries.size() == 1);
    CHECK(found.tables[0].table.entries[0]->command == "b");
    CHECK(found.tables[0].table.has_errors());
    REQUIRE(found.problems.size() == 1);
    CHECK(contains(found.problems[0].message, "bad.name"));
}

TEST_CASE("tables: a file that cannot be read is a problem, and the others count", "[ctl]") {
    const TemporaryFolder folder;
    const TableFiles found =
        read(files({folder.path() + "/none", folder.path(), folder.write("t", "0 6 * * * a\n")}));
    CHECK(found.tables.size() == 1);
    REQUIRE(found.problems.size() == 2);
    CHECK(contains(found.problems[0].message, "No such file"));
    CHECK(contains(found.problems[1].message, "directory"));
    CHECK(found.have_errors());
}

TEST_CASE("tables: one larger than a table may be is told so, and is not read to its end",
          "[ctl]") {
    const TemporaryFolder folder;
    const TableFiles found = read(files({"/dev/zero"}));
    REQUIRE(found.tables.size() == 1);
    REQUIRE(found.tables[0].table.diagnostics.size() == 1);
    CHECK(found.tables[0].table.diagnostics[0].name == "table-too-large");
}

}  // namespace cron::ctl
