// The settings that say when and whether a job that is due runs. DESIGN: Waiting; the table of
// settings.
#include <csignal>

#include <catch2/catch.hpp>

#include "desk.h"

namespace cron::engine {
namespace {

using crontab::Overlap;
using crontab::Policy;
using Offsets = std::vector<long>;

template <class Member, class Value>
Policy with(Member Policy::*member, Value value) {
    Policy policy;
    policy.*member = Member{value};
    return policy;
}

std::shared_ptr<const crontab::Entry> ruled(const std::string& schedule, const Policy& policy,
                                            const std::string& command = "true") {
    return entry(schedule, command, "/tables/root", policy);
}

std::shared_ptr<const crontab::Entry> delayed(const std::string& schedule, seconds delay) {
    auto made = std::make_shared<crontab::Entry>(*entry(schedule));
    made->delay = delay;
    return made;
}

// Starts the latest spawned run.
RunNumber launch(Desk& desk) {
    const RunNumber run = desk.spawned.back().run;
    desk.launched(run);
    return run;
}

Policy retrying(std::uint32_t times, seconds delay, seconds delay_max) {
    Policy policy;
    policy.retry = {times, delay, delay_max};
    return policy;
}

// Nothing of it is left anywhere: what comes is started at its time.
void check_is_free(Desk& desk) {
    const std::size_t before = desk.spawned.size();
    desk.pass(minutes{1});
    CHECK(desk.spawned.size() == before + 1);
}

}  // namespace

TEST_CASE("overlap allow: a run starts whatever lives", "[engine]") {
    Desk desk;
    desk.start({entry("* * * * *")});
    desk.pass(minutes{3});
    CHECK(desk.starts() == Offsets{60, 120, 180});
}

TEST_CASE("overlap forbid: due while the last run lives is skipped, on record", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", with(&Policy::overlap, Overlap::forbid))});
    desk.pass(minutes{1});
    const RunNumber run = launch(desk);
    desk.pass(minutes{2});
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::skipped);
    CHECK(desk.finished[0].outcome.reason == "the last run of this job still lives");
    desk.exited(run);
    check_is_free(desk);
}

TEST_CASE("overlap queue: one waits for the end, and newer ones are merged into it", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", with(&Policy::overlap, Overlap::queue))});
    desk.pass(minutes{1});
    const RunNumber run = launch(desk);
    desk.pass(minutes{3} + seconds{30});
    CHECK(desk.starts() == Offsets{60});
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::merged);
    CHECK(Desk::offset(desk.finished[0].key.due) == 180);
    CHECK(Desk::offset(desk.finished[1].key.due) == 240);
    desk.exited(run);
    CHECK(desk.starts() == Offsets{60, 120});
    CHECK(Desk::offset(desk.spawned_at.back()) == 270);
    desk.launched(desk.spawned.back().run);
    desk.exited(desk.spawned.back().run);
    check_is_free(desk);
}

TEST_CASE(
    "overlap replace: the run that lives is ended, killed after its grace, and then the new "
    "one starts",
    "[engine]") {
    Policy policy = with(&Policy::overlap, Overlap::replace);
    policy.kill_after = seconds{20};
    policy.retry = {5, seconds{30}, seconds{30}};
    Desk desk;
    desk.start({ruled("* * * * *", policy)});
    desk.pass(minutes{1});
    const RunNumber run = launch(desk);
    desk.pass(minutes{1});
    REQUIRE(desk.signals.size() == 1);
    CHECK(desk.signals[0].run == run);
    CHECK(desk.signals[0].signal == SIGTERM);
    CHECK(desk.signals[0].kill_after == seconds{20});
    CHECK(desk.spawned.size() == 1);
    desk.pass(seconds{19});
    CHECK(desk.signals.size() == 1);
    desk.pass(seconds{1});
    REQUIRE(desk.signals.size() == 2);
    CHECK(desk.signals[1].signal == SIGKILL);
    desk.handle(Exited{run, {true, SIGKILL}, {}});
    CHECK(desk.starts() == Offsets{60, 120});
    // It was ended: that is no failure to be tried again.
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.ended_by == EndedBy::replacement);
    CHECK(desk.retried.empty());
}

TEST_CASE("overlap replace: a run that is being made is ended when it is there", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", with(&Policy::overlap, Overlap::replace))});
    desk.pass(minutes{2});  // the first was never said to be launched
    CHECK(desk.signals.empty());
    desk.launched(desk.spawned[0].run);
    REQUIRE(desk.signals.size() == 1);
    CHECK(desk.signals[0].signal == SIGTERM);
}

TEST_CASE("a held run starts when its table no longer asks it to wait", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", with(&Policy::overlap, Overlap::queue))});
    desk.pass(minutes{1});
    launch(desk);
    desk.pass(minutes{1});
    CHECK(desk.spawned.size() == 1);
    desk.load({entry("* * * * *")});
    CHECK(desk.starts() == Offsets{60, 120});
}

TEST_CASE("timeout: TERM to the group when it is over, KILL after the grace; it is a failure",
          "[engine]") {
    Policy policy = with(&Policy::timeout, seconds{90});
    policy.kill_after = seconds{5};
    Desk desk;
    desk.start({ruled("0 * * * *", policy)});
    desk.pass(hours{1});
    const RunNumber run = launch(desk);
    desk.pass(seconds{89});
    CHECK(desk.signals.empty());
    desk.pass(seconds{1});
    REQUIRE(desk.signals.size() == 1);
    CHECK(desk.signals[0].signal == SIGTERM);
    desk.pass(seconds{5});
    REQUIRE(desk.signals.size() == 2);
    CHECK(desk.signals[1].signal == SIGKILL);
    desk.pass(hours{1});
    CHECK(desk.signals.size() == 2);
    desk.exited(run);  // even with status 0
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.ended_by == EndedBy::timeout);
    CHECK_FALSE(desk.finished[0].outcome.is_success());
    CHECK(desk.finished[0].outcome.reason == "it was ended after its timeout of 1m30s");
}

TEST_CASE("timeout: one that is over in a stop leaves the run to the stop", "[engine]") {
    Desk desk;
    desk.start({ruled("0 * * * *", with(&Policy::timeout, seconds{5}))});
    desk.pass(hours{1});
    launch(desk);
    desk.handle(StopAsked{StopAsked::Manner::drain});
    REQUIRE(desk.signals.size() == 1);
    desk.pass(seconds{5});
    CHECK(desk.signals.size() == 1);
    REQUIRE(desk.wake().monotonic);
    CHECK(*desk.wake().monotonic > desk.now().monotonic);
    desk.pass(seconds{20});
    REQUIRE(desk.signals.size() == 2);
    CHECK(desk.signals[1].signal == SIGKILL);
}

TEST_CASE("timeout: time that the machine sleeps does not count", "[engine]") {
    Desk desk;
    desk.start({ruled("0 * * * *", with(&Policy::timeout, seconds{90}))});
    desk.pass(hours{1});
    launch(desk);
    desk.sleep(hours{12});
    desk.handle(Woken{});
    CHECK(desk.signals.empty());
}

TEST_CASE("retry: after a failure, with a delay that doubles up to its bound", "[engine]") {
    Desk desk;
    desk.start({ruled("0 0 * * *", retrying(4, seconds{30}, seconds{100}))});
    desk.pass(hours{24});
    REQUIRE(desk.spawned.size() == 1);
    const RunNumber run = desk.spawned[0].run;
    for (const long delay : {30, 60, 100, 100}) {
        desk.launched(run);
        desk.exited(run, 1);
        CHECK(desk.delivered.empty());  // mail and hooks go once, after the last attempt
        CHECK(desk.retried.back().delay == seconds{delay});
        const std::size_t before = desk.spawned.size();
        desk.pass(seconds{delay - 1});
        CHECK(desk.spawned.size() == before);
        desk.pass(seconds{1});
        REQUIRE(desk.spawned.size() == before + 1);
        CHECK(desk.spawned.back().run == run);
        CHECK(desk.spawned.back().attempt == before + 1);
    }
    desk.launched(run);
    desk.exited(run, 7);
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].attempt == 5);
    CHECK(desk.finished[0].outcome.status.value == 7);
    CHECK(desk.delivered.size() == 1);
}

TEST_CASE("retry: none after success", "[engine]") {
    Desk desk;
    desk.start({ruled("0 * * * *", retrying(4, seconds{30}, seconds{30}))});
    desk.pass(hours{1});
    desk.exited(launch(desk), 0);
    CHECK(desk.retried.empty());
    CHECK(desk.finished.size() == 1);
}

TEST_CASE("retry: dropped, on record, when a newer due time of the job starts", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", retrying(4, seconds{90}, seconds{90}))});
    desk.pass(minutes{1});
    desk.exited(launch(desk), 3);
    CHECK(desk.finished.empty());
    desk.pass(minutes{1});
    CHECK(desk.starts() == Offsets{60, 120});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::exited);
    CHECK(desk.finished[0].outcome.status.value == 3);
    CHECK(desk.finished[0].attempt == 1);
    CHECK(desk.finished[0].outcome.reason ==
          "it is not tried again: a later due time runs in its place");
    CHECK(desk.delivered.size() == 1);
}

TEST_CASE("retry: none where a newer due time of the job runs already", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", retrying(4, seconds{30}, seconds{30}))});
    desk.pass(minutes{1});
    const RunNumber run = launch(desk);
    desk.pass(minutes{1});
    desk.exited(run, 3);
    CHECK(desk.retried.empty());
    CHECK(desk.finished.size() == 1);
}

TEST_CASE("retry: one that waits counts as alive for overlap", "[engine]") {
    Policy policy = retrying(4, seconds{90}, seconds{90});
    policy.overlap = Overlap::forbid;
    Desk desk;
    desk.start({ruled("* * * * *", policy)});
    desk.pass(minutes{1});
    desk.exited(launch(desk), 3);
    desk.pass(minutes{1});
    CHECK(desk.starts() == Offsets{60});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::skipped);
    desk.pass(seconds{30});
    CHECK(desk.starts() == Offsets{60, 60});
}

TEST_CASE("retry: queue waits for the last attempt", "[engine]") {
    Policy policy = retrying(1, seconds{90}, seconds{90});
    policy.overlap = Overlap::queue;
    Desk desk;
    desk.start({ruled("* * * * *", policy)});
    desk.pass(minutes{1});
    const RunNumber run = launch(desk);
    desk.exited(run, 3);
    desk.pass(seconds{90});
    CHECK(desk.starts() == Offsets{60, 60});
    desk.launched(run);
    desk.exited(run, 3);
    CHECK(desk.starts() == Offsets{60, 60, 120});
}

TEST_CASE("retry: dropped when its entry is gone, with its last outcome", "[engine]") {
    Desk desk;
    desk.start({ruled("0 * * * *", retrying(1, seconds{90}, seconds{90}))});
    desk.pass(hours{1});
    desk.exited(launch(desk), 3);
    desk.load({});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.status.value == 3);
    CHECK(desk.delivered.size() == 1);
}

TEST_CASE("jitter: starts later by its own delay, by the clock", "[engine]") {
    Desk desk;
    desk.start({delayed("0 * * * *", seconds{75})});
    desk.pass(hours{2} + minutes{2});
    REQUIRE(desk.spawned.size() == 2);
    CHECK(Desk::offset(desk.spawned_at[0]) == 3675);
    CHECK(Desk::offset(desk.spawned_at[1]) == 7275);
    CHECK(Desk::offset(desk.spawned[0].key.due) == 3600);
}

TEST_CASE("jitter: what falls due while a run waits is merged into it", "[engine]") {
    Desk desk;
    desk.start({delayed("* * * * *", seconds{150})});
    desk.pass(minutes{4});
    CHECK(desk.starts() == Offsets{60});
    CHECK(Desk::offset(desk.spawned_at[0]) == 210);
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::merged);
    CHECK(Desk::offset(desk.finished[0].key.due) == 120);
    CHECK(Desk::offset(desk.finished[1].key.due) == 180);
}

TEST_CASE("window: outside it a due time is skipped, never waits", "[engine]") {
    Policy policy;
    policy.window = crontab::Window{hours{22}, hours{6}};
    Desk desk;  // at 10:00
    desk.start({ruled("0 * * * *", policy)});
    desk.pass(hours{24});
    Offsets expected;
    for (const long hour : {12, 13, 14, 15, 16, 17, 18, 19}) expected.push_back(hour * 3600);
    CHECK(desk.starts() == expected);
    CHECK(desk.finished.size() == 16);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::skipped);
    CHECK(desk.finished[0].outcome.reason == "it is outside its window");
}

TEST_CASE("window: it is judged at the start, in the zone of the entry", "[engine]") {
    Policy policy;
    policy.window = crontab::Window{hours{14}, hours{14} + minutes{30}};
    auto made = std::make_shared<crontab::Entry>(*ruled("30 * * * *", policy));
    made->zone = calendar::Zone::fixed("X", hours{2});
    made->delay = seconds{1800};
    Desk desk;
    desk.start({made});
    desk.pass(hours{4});
    CHECK(desk.starts() == Offsets{5400});  // due at 13:30 there, started at 14:00
    CHECK(desk.finished.size() == 3);
}

TEST_CASE("pool: at most its size run at once, the others in order", "[engine]") {
    const Policy policy = with(&Policy::pool, "db");
    Desk desk;
    Capacity capacity;
    capacity.pools = {{"db", 2}};
    desk.handle(CapacitySet{capacity});
    desk.start({ruled("0 * * * *", policy, "a"), ruled("0 * * * *", policy, "b"),
                ruled("0 * * * *", policy, "c"), ruled("0 * * * *", policy, "d"),
                entry("0 * * * *", "free")});
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == 3);
    CHECK(desk.spawned_of("free") == 1);
    desk.launched(desk.spawned[0].run);
    desk.exited(desk.spawned[0].run);
    REQUIRE(desk.spawned.size() == 4);
    CHECK(desk.spawned.back().entry->command == "c");
    // A larger pool lets in at once who waits.
    capacity.pools = {{"db", 3}};
    desk.handle(CapacitySet{capacity});
    CHECK(desk.spawned.back().entry->command == "d");
}

TEST_CASE("pool: one that becomes smaller holds for who has not started", "[engine]") {
    const Policy policy = with(&Policy::pool, "db");
    Desk desk;
    Capacity capacity;
    capacity.pools = {{"db", 2}};
    capacity.max_running = 1;
    desk.handle(CapacitySet{capacity});
    desk.start({ruled("0 * * * *", policy, "a"), ruled("0 * * * *", policy, "b"),
                entry("0 * * * *", "free")});
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == 1);
    capacity.pools = {{"db", 1}};
    capacity.max_running = 0;
    desk.handle(CapacitySet{capacity});
    REQUIRE(desk.spawned.size() == 2);
    CHECK(desk.spawned.back().entry->command == "free");
    desk.launched(desk.spawned[0].run);
    desk.exited(desk.spawned[0].run);
    CHECK(desk.spawned.back().entry->command == "b");
}

TEST_CASE("pool: one that has no size has size 1", "[engine]") {
    const Policy policy = with(&Policy::pool, "db");
    Desk desk;
    desk.start({ruled("0 * * * *", policy, "a"), ruled("0 * * * *", policy, "b")});
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == 1);
}

TEST_CASE("pool: a long wait is by the rules, and does not make a run too late", "[engine]") {
    const Policy policy = with(&Policy::pool, "db");
    Desk desk;
    desk.start({ruled("0 11 * * *", policy, "a"), ruled("0 11 * * *", policy, "b")});
    desk.pass(hours{1});
    const RunNumber run = launch(desk);
    desk.pass(hours{9});
    desk.exited(run);
    CHECK(desk.spawned.size() == 2);
}

TEST_CASE("pool: a pending retry holds no slot", "[engine]") {
    Policy policy = retrying(1, seconds{90}, seconds{90});
    policy.pool = "db";
    Desk desk;
    desk.start({ruled("0 * * * *", policy, "a"), ruled("0 * * * *", policy, "b")});
    desk.pass(hours{1});
    desk.exited(launch(desk), 1);
    REQUIRE(desk.spawned.size() == 2);
    CHECK(desk.spawned.back().entry->command == "b");
    desk.pass(seconds{90});
    CHECK(desk.spawned.size() == 2);  // now the other has it
    desk.exited(launch(desk), 0);
    CHECK(desk.spawned.back().entry->command == "a");
    CHECK(desk.spawned.back().attempt == 2);
}

TEST_CASE("max_running: beyond it runs queue in order, nothing is dropped", "[engine]") {
    Desk desk;
    Capacity capacity;
    capacity.max_running = 2;
    desk.handle(CapacitySet{capacity});
    crontab::Entries entries;
    for (const char* name : {"a", "b", "c", "d"}) entries.push_back(entry("0 * * * *", name));
    desk.start(entries);
    desk.pass(hours{1});
    std::string order;
    for (std::size_t i = 0; i < desk.spawned.size(); ++i) {
        CHECK(desk.spawned.size() <= i + 2);
        order += desk.spawned[i].entry->command;
        const RunNumber run = desk.spawned[i].run;
        desk.launched(run);
        desk.exited(run);
    }
    CHECK(order == "abcd");
}

TEST_CASE("max_starts_per_second: no second has more starts, wherever it begins", "[engine]") {
    Desk desk;
    Capacity capacity;
    capacity.max_starts_per_second = 3;
    desk.handle(CapacitySet{capacity});
    crontab::Entries entries;
    for (int i = 0; i < 8; ++i) entries.push_back(entry("0 * * * *", std::to_string(i)));
    desk.start(entries);
    desk.pass(hours{1});
    CHECK(desk.spawned.size() == 3);
    desk.pass(seconds{1});
    CHECK(desk.spawned.size() == 6);
    desk.pass(seconds{1});
    CHECK(desk.spawned.size() == 8);
}

TEST_CASE("suspended: its due times are on record and do not run", "[engine]") {
    Desk desk;
    desk.start({ruled("* * * * *", with(&Policy::enabled, false))});
    desk.pass(minutes{3});
    CHECK(desk.spawned.empty());
    CHECK(desk.count(Fate::suspended) == 3);
    desk.load({entry("* * * * *")});
    desk.pass(minutes{1});
    CHECK(desk.starts() == Offsets{240});
}

TEST_CASE("catch-up: after down time the latest missed due time runs once, if not too old",
          "[engine]") {
    struct Case {
        seconds catch_up;
        std::size_t spawned;
        std::uint64_t missed;
    };
    for (const Case& c : {Case{hours{12}, 1, 1}, Case{hours{10}, 1, 1}, Case{hours{9}, 0, 2},
                          Case{seconds{0}, 0, 2}}) {
        Desk desk;
        desk.start({ruled("0 12 * * *", with(&Policy::catch_up, c.catch_up))});
        desk.pass(hours{1});
        desk.sleep(hours{24 + 11});  // to 22:00 of the next day
        desk.verdicts.clear();
        desk.restart(false);
        desk.load({ruled("0 12 * * *", with(&Policy::catch_up, c.catch_up))}, true);
        INFO(c.catch_up.count());
        CHECK(desk.spawned.size() == c.spawned);
        CHECK(desk.count(Fate::missed) == c.missed);
        if (c.spawned == 1) {
            CHECK(desk.spawned[0].cause == Cause::catch_up);
            CHECK(Desk::offset(desk.spawned[0].key.due) == 26 * 3600);
        }
    }
}

TEST_CASE("catch-up: more than three hours late, and what is nearer comes first", "[engine]") {
    Desk desk;
    desk.start({ruled("0 * * * *", with(&Policy::catch_up, hours{24}))});
    desk.sleep(hours{8} + minutes{1});
    desk.handle(Woken{});
    // That of 08:00 runs: it is not missed. Nothing is left to make up for.
    CHECK(desk.starts() == Offsets{8 * 3600});
    CHECK(desk.spawned[0].cause == Cause::schedule);
}

namespace {

RecalledRun recalled(RecalledRun::State state, const std::shared_ptr<const crontab::Entry>& entry,
                     seconds due) {
    RecalledRun run;
    run.key = {entry->id, kMonday + due, 0};
    run.state = state;
    run.wake_at = kMonday + due + seconds{90};
    run.last_outcome.status = {false, 3};
    run.process = {77, 1, kMonday + due, 0, 0};
    return run;
}

// As after a crash: the ledger has this run without an outcome.
void restart_with(Desk& desk, const RecalledRun& run, const crontab::Entries& entries) {
    Memory memory = desk.ledger.recall(true);
    memory.runs = {run};
    desk.handle(Started{memory, false});
    desk.load(entries, true);
}

}  // namespace

TEST_CASE("restart: a granted run that was not started starts, by the rules of lateness",
          "[engine]") {
    const auto job = entry("* * * * *");
    Desk desk;
    desk.pass(minutes{2});
    restart_with(desk, recalled(RecalledRun::State::pending, job, seconds{60}), {job});
    CHECK(desk.starts() == Offsets{60});
    CHECK(desk.spawned[0].attempt == 1);
}

TEST_CASE("restart: one that is over three hours late does not start", "[engine]") {
    const auto job = entry("0 0 1 1 *");
    Desk desk;
    desk.pass(hours{4});
    auto run = recalled(RecalledRun::State::pending, job, seconds{60});
    run.cause = Cause::catch_up;
    restart_with(desk, run, {job});
    CHECK(desk.spawned.size() == 1);  // what is made up for may be late
    run.cause = Cause::boot;
    Desk other;
    restart_with(other, run, {entry("@reboot")});
    CHECK(other.spawned.empty());
}

TEST_CASE("restart: a run that lives holds its overlap and its end is recorded, status unknown",
          "[engine]") {
    const auto job = ruled("* * * * *", with(&Policy::overlap, Overlap::forbid));
    Desk desk;
    desk.pass(seconds{90});
    restart_with(desk, recalled(RecalledRun::State::alive, job, seconds{60}), {job});
    REQUIRE(desk.adopted.size() == 1);
    CHECK(desk.adopted[0].process.pid == 77);
    desk.pass(minutes{1});
    CHECK(desk.spawned.empty());
    CHECK(desk.finished.at(0).outcome.kind == Outcome::Kind::skipped);
    desk.handle(Exited{desk.adopted[0].run, {false, 0, false}, {}, {5, 0, false}});
    REQUIRE(desk.finished.size() == 2);
    CHECK(desk.finished[1].outcome.kind == Outcome::Kind::exited);
    CHECK_FALSE(desk.finished[1].outcome.status.is_known);
    CHECK_FALSE(desk.finished[1].outcome.is_success());
    CHECK(desk.finished[1].outcome.printed.bytes == 5);
    CHECK(desk.delivered.size() == 1);
    check_is_free(desk);
}

TEST_CASE("restart: a run that lives holds its place in its pool, and among all that run",
          "[engine]") {
    Policy pooled = with(&Policy::pool, "db");
    for (const bool has_pool : {true, false}) {
        const auto job = ruled("0 0 1 1 *", has_pool ? pooled : Policy{}, "lives");
        const auto other = ruled("* * * * *", has_pool ? pooled : Policy{}, "other");
        Desk desk;
        Capacity capacity;
        if (!has_pool) capacity.max_running = 1;
        desk.handle(CapacitySet{capacity});
        restart_with(desk, recalled(RecalledRun::State::alive, job, seconds{0}), {job, other});
        desk.pass(minutes{1});
        CHECK(desk.spawned.empty());
        desk.handle(Exited{desk.adopted[0].run, {false, 0, false}, {}, {}});
        CHECK(desk.starts() == Offsets{60});
    }
}

TEST_CASE("restart: a run that lives has the timeout of its table, from its start on", "[engine]") {
    const auto job = ruled("0 0 1 1 *", with(&Policy::timeout, seconds{100}));
    Desk desk;
    desk.pass(seconds{90});
    restart_with(desk, recalled(RecalledRun::State::alive, job, seconds{0}), {job});
    desk.pass(seconds{9});
    CHECK(desk.signals.empty());
    desk.pass(seconds{1});
    REQUIRE(desk.signals.size() == 1);
    CHECK(desk.signals[0].run == desk.adopted[0].run);
}

TEST_CASE("restart: unknown status is not retried", "[engine]") {
    const auto job = ruled("0 0 1 1 *", retrying(3, seconds{10}, seconds{10}));
    Desk desk;
    restart_with(desk, recalled(RecalledRun::State::alive, job, seconds{0}), {job});
    desk.handle(Exited{desk.adopted[0].run, {false, 0, false}, {}, {}});
    CHECK(desk.retried.empty());
    CHECK(desk.finished.size() == 1);
}

TEST_CASE("restart: a retry that waited goes on waiting", "[engine]") {
    const auto job = ruled("0 0 1 1 *", retrying(3, seconds{90}, seconds{90}));
    Desk desk;
    desk.pass(minutes{2});
    auto run = recalled(RecalledRun::State::retrying, job, seconds{60});
    run.attempt = 2;
    restart_with(desk, run, {job});
    desk.pass(seconds{29});
    CHECK(desk.spawned.empty());
    desk.pass(seconds{1});
    REQUIRE(desk.spawned.size() == 1);
    CHECK(desk.spawned[0].attempt == 2);
}

TEST_CASE("restart: what no table has any more is withdrawn after a while, on record", "[engine]") {
    const auto job = entry("* * * * *", "gone");
    Desk desk;
    restart_with(desk, recalled(RecalledRun::State::pending, job, seconds{0}), {});
    desk.pass(minutes{4});
    CHECK(desk.finished.empty());
    desk.pass(minutes{1});
    REQUIRE(desk.finished.size() == 1);
    CHECK(desk.finished[0].outcome.kind == Outcome::Kind::withdrawn);
    CHECK(desk.finished[0].key.job == job->id);
}

TEST_CASE("stop: what was granted is left to the next daemon where the ledger outlives this one",
          "[engine]") {
    Limits limits = Desk::default_limits();
    limits.keeps_runs = true;
    Desk desk(kMonday, limits);
    desk.start({entry("* * * * *")});
    desk.pass(seconds{59});
    desk.handle(StopAsked{StopAsked::Manner::leave});
    CHECK(desk.finished.empty());
    CHECK(desk.quits == 1);
}

TEST_CASE("failure: output on standard error is one where the job is told so", "[engine]") {
    Policy policy = with(&Policy::fails_on_stderr, true);
    policy.retry = {1, seconds{10}, seconds{10}};
    Desk desk;
    desk.start({ruled("1 * * * *", policy)});
    desk.pass(minutes{1});
    desk.handle(Exited{launch(desk), {}, {}, {5, 0, true}});
    REQUIRE(desk.retried.size() == 1);
    CHECK(desk.retried[0].outcome.reason == "it wrote to its standard error");
    desk.pass(seconds{10});
    desk.handle(Exited{launch(desk), {}, {}, {5, 0, false}});
    REQUIRE(desk.delivered.size() == 1);
    CHECK(desk.delivered[0].outcome.is_success());
    CHECK(desk.delivered[0].attempt == 2);
}

}  // namespace cron::engine
