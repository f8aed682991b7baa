// The ledger as the loop sees it: durable answers while the disk works, answers from memory while
// it does not, and nothing forgotten in between.
#include "daemon/keeper.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <map>

#include <catch2/catch.hpp>

#include "../ledger/faulty_files.h"
#include "process/child.h"
#include "support.h"

namespace cron::daemon {
namespace {

engine::Verdict verdict(const std::string& name, long due) {
    engine::Verdict made;
    made.key = {JobId::named("root", "/t", name), Instant{seconds{due}}, 0};
    made.first = made.key.due;
    return made;
}

// A keeper with a worker, and what it has said.
class Desk {
  public:
    explicit Desk(ledger::FaultyFiles& files, const std::string& marks = "")
        : Desk(ledger::Store::Options{"ledger.db", files.name(), "boot"}, marks) {}
    explicit Desk(ledger::Store::Options options, const std::string& marks = "")
        : options_{std::move(options), marks.empty() ? folder_ / "marks" : marks},
          worker_(*Worker::create()),
          keeper_(worker_, {[this](engine::Decided answer) { answers.push_back(answer); },
                            [this](const Record& record) { said.emplace_back(record.event); }}) {}
    ~Desk() {
        while (worker_.pending() > 0) wait();
    }

    Keeper& keeper() { return keeper_; }
    Result<void> open() { return keeper_.open(options_); }
    void decide(const std::string& name, long due) {
        keeper_.decide({++batch_, {verdict(name, due)}, {}, {}});
    }
    void wait() {
        pollfd ready{worker_.fd(), POLLIN, 0};
        REQUIRE(::poll(&ready, 1, 60'000) == 1);
        worker_.finish();
    }
    void wait_for_answers(std::size_t count) {
        while (answers.size() < count) wait();
    }
    Worker& worker() { return worker_; }

    std::vector<engine::Decided> answers;
    std::vector<std::string> said;

  private:
    TemporaryFolder folder_;
    Keeper::Options options_;
    Worker worker_;
    Keeper keeper_;
    std::uint64_t batch_ = 0;
};

using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("keeper: in memory only it answers at once", "[daemon]") {
    ledger::FaultyFiles files(1);
    Desk desk(files);
    desk.decide("a", 60);
    desk.decide("a", 60);
    REQUIRE(desk.answers.size() == 2);
    CHECK(desk.answers[0].refused.empty());
    CHECK(desk.answers[1].refused.size() == 1);
    CHECK(desk.keeper().is_idle());
}

TEST_CASE("keeper: what it granted is refused after a restart", "[daemon]") {
    ledger::FaultyFiles files(1);
    {
        Desk desk(files);
        REQUIRE(desk.open());
        desk.decide("a", 60);
        CHECK(desk.answers.empty());  // not before it is durable
        desk.wait_for_answers(1);
        CHECK(desk.answers[0].refused.empty());
    }
    Desk desk(files);
    REQUIRE(desk.open());
    // Without the marks of then nobody knows whether it was started.
    CHECK(desk.said == Said{"run-lost"});
    CHECK(desk.keeper().recall().runs.empty());
    CHECK(desk.keeper().recall().jobs.size() == 1);
    desk.decide("a", 60);
    desk.wait_for_answers(1);
    CHECK(desk.answers[0].refused.size() == 1);
}

TEST_CASE("keeper: after a crash a granted run is pending, alive or lost, as its mark says",
          "[daemon]") {
    using State = engine::RecalledRun::State;
    const auto spawn_of = [](const std::string& name) {
        engine::Spawn spawn;
        spawn.key = verdict(name, 60).key;
        return spawn;
    };
    ledger::FaultyFiles files(1);
    const TemporaryFolder folder;
    {
        Desk desk(files, folder / "marks");
        REQUIRE(desk.open());
        for (const char* name : {"unmarked", "marked", "alive", "gone", "failed"}) {
            desk.decide(name, 60);
        }
        desk.wait_for_answers(5);
        for (const char* name : {"marked", "alive", "gone", "failed"}) {
            desk.keeper().mark(spawn_of(name));
        }
        const auto start = process::process_start(::getpid());
        REQUIRE(start);
        desk.keeper().add_process(spawn_of("alive"), {::getpid(), *start, {}, 8, 9});
        desk.keeper().add_process(spawn_of("gone"), {::getpid(), *start + 1, {}, 0, 0});
        desk.keeper().unmark(spawn_of("failed"));
    }
    Desk desk(files, folder / "marks");
    REQUIRE(desk.open());
    CHECK(desk.said == Said{"run-lost", "run-lost"});
    std::map<std::string, engine::RecalledRun> runs;
    for (const auto& run : desk.keeper().recall().runs) {
        runs[std::string(run.key.job.title())] = run;
    }
    REQUIRE(runs.size() == 3);
    CHECK(runs.at("unmarked").state == State::pending);
    CHECK(runs.at("failed").state == State::pending);
    CHECK(runs.at("alive").state == State::alive);
    CHECK(runs.at("alive").process.pid == ::getpid());
    CHECK(runs.at("alive").process.output_number == 9);
}

TEST_CASE("keeper: who comes for one run leaves what is open to the next daemon", "[daemon]") {
    ledger::FaultyFiles files(1);
    const TemporaryFolder folder;
    const std::string marks = folder / "marks";
    {
        Desk desk(files, marks);
        REQUIRE(desk.open());
        desk.decide("a", 60);
        desk.wait_for_answers(1);
    }
    {
        Desk desk({"ledger.db", files.name(), "boot", ledger::Store::Boots::none}, marks);
        REQUIRE(desk.open());
        CHECK(desk.keeper().recall().runs.empty());
        CHECK(desk.said.empty());
    }
    Desk desk(files, marks);
    REQUIRE(desk.open());
    CHECK(desk.keeper().recall().runs.size() == 1);
}

TEST_CASE("keeper: where each start has its @reboot runs, those that waited before are lost",
          "[daemon]") {
    ledger::FaultyFiles files(1);
    const TemporaryFolder folder;
    const ledger::Store::Options options{"ledger.db", files.name(), "boot",
                                         ledger::Store::Boots::by_start};
    {
        Desk desk(options, folder / "marks");
        REQUIRE(desk.open());
        engine::Verdict boot = verdict("at-start", 60);
        boot.cause = engine::Cause::boot;
        desk.keeper().decide({1, {boot, verdict("due", 60)}, {}, {}});
        desk.wait_for_answers(1);
    }
    Desk desk(options, folder / "marks");
    REQUIRE(desk.open());
    const auto runs = desk.keeper().recall().runs;
    REQUIRE(runs.size() == 1);
    CHECK(runs.front().key == verdict("due", 60).key);
    CHECK(desk.said == Said{"run-lost"});
}

TEST_CASE("keeper: a mark goes when the end of its run is on record, not before", "[daemon]") {
    ledger::FaultyFiles files(1);
    const TemporaryFolder folder;
    const std::string id = ledger::Store::open({"ledger.db", files.name(), "boot"})->id();
    Desk desk(files, folder / "marks");
    REQUIRE(desk.open());
    desk.decide("a", 60);
    desk.wait_for_answers(1);
    engine::Spawn spawn;
    spawn.key = verdict("a", 60).key;
    desk.keeper().mark(spawn);
    engine::Finish finish;
    finish.key = spawn.key;
    desk.keeper().finish(finish);
    const auto is_marked = [&] {
        const auto marks = ledger::Marks::open({folder / "marks", "boot", id});
        REQUIRE(marks);
        return marks->find(spawn.key, 1).has_value();
    };
    CHECK(is_marked());
    while (!desk.keeper().is_idle()) desk.wait();
    CHECK_FALSE(is_marked());
}

TEST_CASE("keeper: while the disk fails verdicts come from memory, and are written later",
          "[daemon]") {
    ledger::FaultyFiles files(1);
    {
        Desk desk(files);
        REQUIRE(desk.open());
        desk.decide("a", 60);
        desk.wait_for_answers(1);
        files.fail_call(1, true);
        desk.decide("a", 120);
        desk.wait_for_answers(2);
        CHECK(desk.answers[1].refused.empty());
        CHECK(desk.said == Said{"ledger-weak"});
        desk.decide("a", 120);  // at once: nobody waits for a disk that is known to fail
        REQUIRE(desk.answers.size() == 3);
        CHECK(desk.answers[2].refused.size() == 1);
        desk.decide("b", 180);
        files.fail_call(0);
        CHECK_FALSE(desk.keeper().is_idle());
        REQUIRE(desk.keeper().deadline());
        desk.keeper().expire(*desk.keeper().deadline());
        while (!desk.keeper().is_idle()) desk.wait();
        CHECK(desk.said == Said{"ledger-weak", "ledger-restored"});
    }
    Desk desk(files);
    REQUIRE(desk.open());
    for (const auto& [name, due] : {std::pair{"a", 120}, std::pair{"b", 180}}) {
        const std::size_t before = desk.answers.size();
        desk.decide(name, due);
        desk.wait_for_answers(before + 1);
        CHECK(desk.answers.back().refused.size() == 1);
    }
}

TEST_CASE(
    "keeper: a disk that fails in a start does not end it, and what is lost is recorded later",
    "[daemon]") {
    const auto told = [](const Desk& desk, const char* event) {
        return std::count(desk.said.begin(), desk.said.end(), event);
    };
    bool has_failed = true;
    for (std::uint64_t call = 1; has_failed; ++call) {
        CAPTURE(call);
        ledger::FaultyFiles files(1);
        {
            Desk desk(files);
            REQUIRE(desk.open());
            desk.decide("a", 60);
            desk.wait_for_answers(1);
        }
        std::ptrdiff_t lost = 0;
        {
            Desk desk(files);
            files.fail_call(call, true);
            REQUIRE(desk.open());
            has_failed = told(desk, "ledger-weak") == 1;
            lost = told(desk, "run-lost");
            files.fail_call(0);
            desk.decide("b", 60);
            desk.wait_for_answers(1);
            if (has_failed) desk.keeper().expire(*desk.keeper().deadline());
            while (!desk.keeper().is_idle()) desk.wait();
            CHECK((told(desk, "ledger-restored") == 1) == has_failed);
        }
        Desk desk(files);
        REQUIRE(desk.open());
        // The run of "b", and that of "a" if nobody could read of it.
        CHECK(told(desk, "run-lost") == 2 - lost);
    }
}

TEST_CASE("keeper: a disk that does not answer holds up nobody", "[daemon]") {
    ledger::FaultyFiles files(1);
    Desk desk(files);
    REQUIRE(desk.open());
    std::promise<void> release;
    REQUIRE(desk.worker().post([held = release.get_future().share()]() -> Worker::Continuation {
        held.wait();
        return [] {};
    }));
    desk.decide("a", 60);
    CHECK(desk.answers.empty());
    REQUIRE(desk.keeper().deadline());
    desk.keeper().expire(*desk.keeper().deadline());
    REQUIRE(desk.answers.size() == 1);
    CHECK(desk.said == Said{"ledger-weak"});
    release.set_value();
    while (!desk.keeper().is_idle()) desk.wait();
    CHECK(desk.answers.size() == 1);
    CHECK(desk.said == Said{"ledger-weak", "ledger-restored"});
}

TEST_CASE("keeper: a damaged ledger is set aside and a new one begun, and that is said",
          "[daemon]") {
    const TemporaryFolder folder;
    std::ofstream(folder / "ledger.db") << std::string(4096, 'x');
    Desk desk({folder / "ledger.db", "", "boot"});
    REQUIRE(desk.open());
    CHECK(desk.said == Said{"ledger-damaged"});
    CHECK(content_of(folder / "ledger.db.damaged-1") == std::string(4096, 'x'));
    desk.decide("a", 60);
    desk.wait_for_answers(1);
    CHECK(desk.answers[0].refused.empty());
}

TEST_CASE("keeper: a ledger of a newer version ends the start", "[daemon]") {
    ledger::FaultyFiles files(1);
    {
        auto database = ledger::Database::open({"ledger.db", files.name(), false});
        REQUIRE(database);
        REQUIRE(database->run("CREATE TABLE x (y); PRAGMA user_version = 99"));
    }
    Desk desk(files);
    const auto opened = desk.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find("ledger.db") == 0);
}

}  // namespace cron::daemon
