// The ledger on disk: what it answers, what it keeps, and that it keeps it through crashes.
#include "ledger/store.h"

#include <cstdio>
#include <cstdlib>
#include <set>

#include <catch2/catch.hpp>

#include "../daemon/support.h"
#include "faulty_files.h"

using namespace cron;
using namespace cron::engine;
using cron::ledger::Database;
using cron::ledger::FaultyFiles;
using cron::ledger::Store;

namespace {

JobId job(const std::string& name) { return JobId::named("root", "/t", name); }

Verdict verdict(const std::string& name, long due, Pass pass = 0, Fate fate = Fate::start) {
    Verdict made;
    made.key = RunKey{job(name), Instant{seconds{due}}, pass};
    made.first = made.key.due;
    made.fate = fate;
    return made;
}

Store open(FaultyFiles& files, const std::string& boot = "boot-1") {
    auto store = Store::open({"ledger.db", files.name(), boot});
    if (!store) FAIL(store.error().message);
    return *std::move(store);
}

std::size_t refused(Store& store, const Verdict& verdict) {
    const auto answer = store.decide(Decide{1, {verdict}, {}, {}});
    if (!answer) FAIL(answer.error().message);
    return answer->refused.size();
}

Finish finished(const std::string& name, long due, int status) {
    Finish finish;
    finish.key = RunKey{job(name), Instant{seconds{due}}, 0};
    finish.outcome.status.value = status;
    return finish;
}

// No store may be open: two connections would need the locks that the file layer does not have.
// The first column of the answer to `sql`, "|" between rows.
std::string query(FaultyFiles& files, const std::string& sql) {
    auto database = Database::open({"ledger.db", files.name(), false});
    REQUIRE(database);
    auto statement = database->prepare(sql.c_str());
    if (!statement) FAIL(statement.error().message);
    std::string answer;
    while (*statement->step()) answer += statement->bytes(0) + "|";
    return answer;
}

}  // namespace

TEST_CASE("store: a due time of a job is granted once, over restarts", "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        CHECK(refused(store, verdict("a", 60)) == 0);
        CHECK(refused(store, verdict("a", 60)) == 1);
        CHECK(refused(store, verdict("b", 60)) == 0);
    }
    Store store = open(files);
    CHECK(refused(store, verdict("a", 60)) == 1);
    CHECK(refused(store, verdict("a", 30)) == 1);
    CHECK(refused(store, verdict("a", 120)) == 0);
    CHECK(refused(store, verdict("a", 60, 1)) == 0);
}

// No lock may keep the second out: the key in the database does.
TEST_CASE("store: of two that have it open, one grants a due time", "[ledger]") {
    const daemon::TemporaryFolder folder;
    const Store::Options options{folder / "ledger.db", "", "boot"};
    auto first = Store::open(options);
    auto second = Store::open(options);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(refused(*first, verdict("a", 60)) == 0);
    CHECK(refused(*second, verdict("a", 60)) == 1);
    CHECK(refused(*second, verdict("a", 120)) == 0);
    CHECK(refused(*first, verdict("a", 120)) == 1);
    CHECK(refused(*first, verdict("b", 60)) == 0);
}

TEST_CASE("store: decided is decided, whatever the fate was", "[ledger]") {
    FaultyFiles files(1);
    Store store = open(files);
    CHECK(refused(store, verdict("a", 300, 0, Fate::missed)) == 0);
    CHECK(refused(store, verdict("a", 240)) == 1);
    const auto answer = store.decide(Decide{7, {verdict("a", 360), verdict("a", 360)}, {}, {}});
    REQUIRE(answer);
    CHECK(answer->batch == 7);
    CHECK(answer->refused.size() == 1);
}

TEST_CASE("store: a job for @reboot is granted once a boot, whatever the clock reads", "[ledger]") {
    FaultyFiles files(1);
    Verdict boot = verdict("a", 60);
    boot.cause = Cause::boot;
    {
        Store store = open(files, "boot-1");
        CHECK(refused(store, boot) == 0);
        CHECK(refused(store, boot) == 1);
    }
    {
        Store again = open(files, "boot-1");
        boot.key.due += hours{1};
        CHECK(refused(again, boot) == 1);
    }
    Store next = open(files, "boot-2");
    boot.key.due -= hours{1};
    CHECK(refused(next, boot) == 0);
}

TEST_CASE("store: where each start counts as a boot, a job for @reboot is granted at each",
          "[ledger]") {
    FaultyFiles files(1);
    Verdict boot = verdict("a", 60);
    boot.cause = Cause::boot;
    for (const long start : {60, 70}) {
        auto store = Store::open({"ledger.db", files.name(), "boot", Store::Boots::by_start});
        REQUIRE(store);
        boot.key.due = boot.first = Instant{seconds{start}};
        CHECK(refused(*store, boot) == 0);
        CHECK(refused(*store, boot) == 1);
        CHECK(refused(*store, verdict("b", 60)) == (start == 60 ? 0 : 1));
        // An outage is judged by the boots of the machine.
        CHECK(store->recall()->same_boot == (start != 60));
    }
}

TEST_CASE("store: a run that was asked for is on record, and no due time of its job is touched",
          "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        CHECK(refused(store, verdict("a", 60)) == 0);
        Verdict asked = verdict("a", 90);
        asked.cause = Cause::manual;
        CHECK(refused(store, asked) == 0);
        CHECK(refused(store, asked) == 1);
        CHECK(store.recall()->jobs.at(job("a")).reached == Instant{seconds{60}});
        CHECK(refused(store, verdict("a", 80)) == 0);
        CHECK(store.open_runs()->at(1).run.cause == Cause::manual);
        Finish finish = finished("a", 90, 7);
        finish.cause = Cause::manual;
        REQUIRE(store.finish({finish}));
    }
    CHECK(query(files, "SELECT cause || exit_status FROM run WHERE outcome = 'exited'") ==
          "manual7|");
}

TEST_CASE("store: who opens it for one run leaves boots and due times as they were", "[ledger]") {
    FaultyFiles files(1);
    const std::string state = "SELECT boot_id || boot || decided_until FROM state";
    {
        Store store = open(files);
        REQUIRE(store.decide(Decide{1, {verdict("a", 60)}, {}, Instant{seconds{61}}}));
    }
    const std::string before = query(files, state);
    {
        auto store = Store::open({"ledger.db", files.name(), "boot-2", Store::Boots::none});
        REQUIRE(store);
        Verdict asked = verdict("a", 90);
        asked.cause = Cause::manual;
        CHECK(refused(*store, asked) == 0);
    }
    CHECK(query(files, state) == before);
    CHECK_FALSE(open(files, "boot-2").recall()->same_boot);
}

TEST_CASE("store: an outcome is on record; a run without one is told when it opens", "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        CHECK(store.open_runs()->empty());
        refused(store, verdict("a", 60));
        refused(store, verdict("b", 60));
        refused(store, verdict("c", 60, 0, Fate::missed));
        REQUIRE(store.finish({finished("a", 60, 3)}));
    }
    {
        Store store = open(files);
        const auto runs = store.open_runs();
        REQUIRE(runs);
        REQUIRE(runs->size() == 1);
        CHECK(runs->at(0).run.key == verdict("b", 60).key);
        CHECK(runs->at(0).run.attempt == 1);
        REQUIRE(store.lose(*runs, "nobody knows"));
        CHECK(store.open_runs()->empty());
    }
    CHECK(query(files, "SELECT outcome || ' ' || exit_status FROM run WHERE outcome = 'exited'") ==
          "exited 3|");
    CHECK(query(files, "SELECT outcome FROM run ORDER BY id") == "exited|lost||");
}

TEST_CASE("store: the end of a run goes to its row, be its entry gone and its boot another",
          "[ledger]") {
    FaultyFiles files(1);
    Verdict boot = verdict("boot", 60);
    boot.cause = Cause::boot;
    {
        Store store = open(files, "boot-1");
        refused(store, verdict("a", 60));
        refused(store, boot);
    }
    {
        Store store = open(files, "boot-2");
        boot.key.due += hours{1};
        boot.first = boot.key.due;
        refused(store, boot);
        Finish gone = finished("a", 60, 3);
        // What an engine knows of an entry that no table has.
        gone.entry = std::make_shared<const crontab::Entry>();
        Finish before = finished("boot", 60, 4);
        before.cause = Cause::boot;
        REQUIRE(store.finish({gone, before}));
    }
    CHECK(query(files, "SELECT coalesce(exit_status, '-') FROM run ORDER BY id") == "3|4|-|");
}

TEST_CASE("store: a run that is to be tried again is told with its last attempt", "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        refused(store, verdict("a", 60));
        engine::Retry retry;
        retry.key = verdict("a", 60).key;
        retry.attempt = 2;
        retry.outcome.status = {false, 3};
        retry.outcome.ended = Instant{seconds{100}};
        retry.outcome.pid = 77;
        retry.delay = seconds{30};
        REQUIRE(store.retry(retry));
    }
    Store store = open(files);
    const auto runs = store.open_runs();
    REQUIRE(runs);
    REQUIRE(runs->size() == 1);
    const engine::RecalledRun& run = runs->at(0).run;
    CHECK(run.state == engine::RecalledRun::State::retrying);
    CHECK(run.attempt == 3);
    CHECK(run.wake_at == Instant{seconds{130}});
    CHECK(run.last_outcome.status.value == 3);
    CHECK(run.last_outcome.pid == 77);
}

TEST_CASE("store: a run of a boot is told with its true time", "[ledger]") {
    FaultyFiles files(1);
    engine::Verdict boot = verdict("boot", 60);
    boot.cause = engine::Cause::boot;
    {
        Store store = open(files);
        refused(store, boot);
    }
    Store store = open(files);
    const auto runs = store.open_runs();
    REQUIRE(runs->size() == 1);
    CHECK(runs->at(0).run.key == boot.key);
    CHECK(runs->at(0).run.cause == engine::Cause::boot);
}

TEST_CASE("store: it recalls what an engine needs to go on", "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        REQUIRE(store.decide(Decide{1,
                                    {verdict("a", 60)},
                                    {KnownJob{job("a"), Instant{seconds{5}}}},
                                    Instant{seconds{61}}}));
        REQUIRE(store.open_pass(OpenPass{1, false, Instant{seconds{1000}}, Instant{seconds{400}}}));
    }
    const auto memory = open(files).recall();
    REQUIRE(memory);
    CHECK(memory->same_boot);
    CHECK(memory->passes.last() == 1);
    CHECK(memory->passes.of(true) == 1);
    CHECK(memory->passes.of(false) == 0);
    CHECK(memory->decided_until == Instant{seconds{400}});
    CHECK(memory->fixed_decided_until == Instant{seconds{61}});
    CHECK(memory->passes.taken_back(true, 0, Instant{seconds{900}}) == Instant{seconds{400}});
    CHECK(memory->jobs.at(job("a")).reached == Instant{seconds{60}});
    CHECK(memory->jobs.at(job("a")).reached_in == 0);
    CHECK_FALSE(open(files, "boot-2").recall()->same_boot);
}

TEST_CASE("store: pruned rows are gone, and what they decided stays refused", "[ledger]") {
    FaultyFiles files(1);
    {
        Store store = open(files);
        refused(store, verdict("b", 1));  // has no outcome yet
        for (long due = 1; due <= 100; ++due) {
            refused(store, verdict("a", due));
            REQUIRE(store.finish({finished("a", due, 0)}));
        }
        for (int job = 0; job < 250; ++job) {
            refused(store, verdict("other" + std::to_string(job), 100));
        }
    }
    const auto prune = [&](long before, std::int64_t rows_max) {
        Store store = open(files);
        for (int steps = 1;; ++steps) {
            const auto more = store.prune({Instant{seconds{before}}, rows_max});
            REQUIRE(more);
            if (!*more) return steps;
        }
    };
    CHECK(prune(11, 1000) > 2);
    CHECK(query(files, "SELECT min(due) / 1000000 FROM run WHERE outcome = 'exited'") == "11|");
    prune(11, 50);
    CHECK(query(files, "SELECT count(*) FROM run") == "301|");
    CHECK(query(files, "SELECT min(due) / 1000000 FROM run WHERE outcome = 'exited'") == "51|");
    Store store = open(files);
    CHECK(refused(store, verdict("a", 5)) == 1);
}

TEST_CASE("store: the database of a newer version, or of another program, stays as it is",
          "[ledger]") {
    FaultyFiles files(1);
    { Store store = open(files); }
    query(files, "PRAGMA user_version = 99");
    const auto newer = Store::open({"ledger.db", files.name(), "b"});
    REQUIRE_FALSE(newer);
    CHECK(newer.error().code == ErrorCode::invalid);
    CHECK(newer.error().message.find("version 99") != std::string::npos);
    query(files, "PRAGMA user_version = 1");
    query(files, "PRAGMA application_id = 7");
    CHECK(Store::open({"ledger.db", files.name(), "b"}).error().code == ErrorCode::invalid);
}

TEST_CASE("store: a file that is no database is damaged, and said to be so", "[ledger]") {
    FaultyFiles files(1);
    { Store store = open(files); }
    files.content("ledger.db").replace(0, 16, "this is no table");
    const auto damaged = Store::open({"ledger.db", files.name(), "b"});
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().code == ErrorCode::damaged);
}

TEST_CASE("store: after a call that fails all is as before it, and it works again", "[ledger]") {
    FaultyFiles files(1);
    Store store = open(files);
    CHECK(refused(store, verdict("a", 60)) == 0);
    int failures = 0;
    for (std::uint64_t call = 1; call < 60; ++call) {
        const long due = static_cast<long>(100 + call * 10);
        const std::string name = "new-" + std::to_string(call);
        files.fail_call(call);
        const auto answer =
            store.decide(Decide{1, {verdict("a", due), verdict(name, due)}, {}, {}});
        files.fail_call(0);
        if (answer) {
            CHECK(refused(store, verdict("a", due)) == 1);
            continue;
        }
        ++failures;
        CHECK(refused(store, verdict("a", due)) == 0);
        CHECK(refused(store, verdict(name, due)) == 0);
    }
    CHECK(failures > 2);
}

TEST_CASE("store: a full disk is an error, and no more", "[ledger]") {
    FaultyFiles files(1);
    Store store = open(files);
    files.set_size_max(400'000);
    long due = 0;
    Result<Decided> answer = Decided{};
    while (answer && due < 100'000) {
        answer = store.decide(Decide{1, {verdict("a", ++due)}, {}, {}});
    }
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::limit);
    files.set_size_max(SIZE_MAX);
    CHECK(refused(store, verdict("a", due)) == 0);
}

TEST_CASE("store: what was granted before the power was lost is refused after it", "[ledger]") {
    const char* given = std::getenv("BELFRY_SEED");
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
    for (std::uint64_t seed = first; seed < first + 40; ++seed) {
        CAPTURE(seed);
        FaultyFiles files(seed);
        std::mt19937_64 random(seed);
        std::set<std::pair<std::string, long>> granted;
        long due = 0;
        for (int life = 0; life < 6; ++life) {
            Store store = open(files, "boot-" + std::to_string(life));
            for (const auto& [name, earlier] : granted) {
                REQUIRE(refused(store, verdict(name, earlier)) == 1);
            }
            // The power goes in the middle of a call, more often than between two.
            files.fail_call(1 + random() % 200, true);
            while (true) {
                const std::string name = "job-" + std::to_string(random() % 5);
                const auto answer = store.decide(Decide{1, {verdict(name, ++due)}, {}, {}});
                if (!answer) break;
                granted.emplace(name, due);
                if (random() % 3 == 0 && !store.finish({finished(name, due, 0)})) break;
            }
            files.lose_power();
            files.fail_call(0);
        }
        CHECK(granted.size() > 5);
    }
}
