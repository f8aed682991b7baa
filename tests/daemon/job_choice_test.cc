// Which job somebody means who names one.
#include "daemon/job_choice.h"

#include <catch2/catch.hpp>

#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

using Catch::Matchers::Contains;

crontab::Entries entries_of(const std::string& table, const std::string& text) {
    crontab::Options options;
    options.owner = "app";
    options.name = table;
    auto parsed = crontab::parse(text, options);
    REQUIRE_FALSE(parsed.has_errors());
    return parsed.entries;
}

crontab::Entries jobs() {
    crontab::Entries all = entries_of("/etc/jobs/app.crontab",
                                      "CRON_NAME=backup\n"
                                      "0 1 * * * /bin/backup --all\n"
                                      "CRON_NAME=backup-check\n"
                                      "0 2 * * * /bin/check\n"
                                      "0 3 * * * /bin/clean\n");
    const auto more = entries_of("/etc/jobs/more", "0 4 * * * /bin/clean\n0 5 * * * /bin/clean\n");
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

// The line of the job, or what is wrong.
std::string chosen(std::string_view asked) {
    const auto job = choose_job(jobs(), asked);
    if (!job) return job.error().message;
    return (*job)->schedule_text.substr(2, 1);
}

TEST_CASE("job choice: a name is meant wholly before it is the beginning of another", "[daemon]") {
    CHECK(chosen("backup") == "1");
    CHECK(chosen("backup-check") == "2");
    CHECK(chosen("backup-") == "2");
}

TEST_CASE("job choice: by table and line, of the path as much as there is need for", "[daemon]") {
    CHECK(chosen("/etc/jobs/app.crontab:5") == "3");
    CHECK(chosen("app.crontab:5") == "3");
    CHECK(chosen("jobs/more:2") == "5");
    CHECK(chosen("./more:2") == "5");
    CHECK(chosen("./jobs/more:2") == "5");
    CHECK_THAT(chosen("crontab:5"), Contains("there is no job 'crontab:5'"));
    CHECK_THAT(chosen("more:3"), Contains("there is no job"));
    CHECK_THAT(chosen(":2"), Contains("there is no job"));
}

TEST_CASE("job choice: by what the log calls its runs", "[daemon]") {
    const auto all = jobs();
    const std::string code = engine::job_code(all[2]->id);
    CHECK(chosen(code) == "3");
    CHECK(chosen(code.substr(0, 12)) == "3");
    CHECK(chosen(engine::run_id({all[2]->id, Instant{}, 3})) == "3");
}

TEST_CASE("job choice: by its command, or the beginning of that", "[daemon]") {
    CHECK(chosen("/bin/backup --all") == "1");
    CHECK(chosen("/bin/ch") == "2");
}

TEST_CASE("job choice: what may be several, or is none, lists what there is", "[daemon]") {
    CHECK(chosen("/bin/clean") ==
          "'/bin/clean' may be /bin/clean (app.crontab:5), /bin/clean (more:1), /bin/clean "
          "(more:2)");
    CHECK_THAT(chosen("restore"), Contains("there is no job 'restore'; there are backup "
                                           "(app.crontab:2), backup-check (app.crontab:4)"));
    CHECK(choose_job({}, "x").error().message == "there is no job 'x', nor any other");
}

}  // namespace
}  // namespace cron::daemon
