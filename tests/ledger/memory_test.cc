// The answers of a ledger, be it only in memory.
#include "ledger/memory.h"

#include <catch2/catch.hpp>

using namespace cron;
using namespace cron::engine;
using cron::ledger::MemoryLedger;

namespace {

Verdict verdict(const std::string& job, long due, Pass pass = 0, Fate fate = Fate::start) {
    Verdict made;
    made.key = RunKey{JobId::named("root", "/t", job), Instant{seconds{due}}, pass};
    made.fate = fate;
    return made;
}

std::size_t refused(MemoryLedger& ledger, const Verdict& verdict) {
    return ledger.decide(Decide{1, {verdict}, {}, {}}).refused.size();
}

}  // namespace

TEST_CASE("ledger: a due time of a job is granted once", "[ledger]") {
    MemoryLedger ledger;
    CHECK(refused(ledger, verdict("a", 60)) == 0);
    CHECK(refused(ledger, verdict("a", 60)) == 1);
    CHECK(refused(ledger, verdict("b", 60)) == 0);
    CHECK(refused(ledger, verdict("a", 120)) == 0);
}

TEST_CASE("ledger: a due time that is not after the latest decided one is refused", "[ledger]") {
    MemoryLedger ledger;
    CHECK(refused(ledger, verdict("a", 120)) == 0);
    CHECK(refused(ledger, verdict("a", 60)) == 1);
    // Decided is decided, whatever the fate was.
    CHECK(refused(ledger, verdict("a", 300, 0, Fate::missed)) == 0);
    CHECK(refused(ledger, verdict("a", 240)) == 1);
}

TEST_CASE("ledger: each pass counts for itself", "[ledger]") {
    MemoryLedger ledger;
    CHECK(refused(ledger, verdict("a", 120)) == 0);
    CHECK(refused(ledger, verdict("a", 60, 1)) == 0);
    CHECK(refused(ledger, verdict("a", 60, 1)) == 1);
    CHECK(refused(ledger, verdict("a", 120, 0)) == 1);
}

TEST_CASE("ledger: two verdicts of one batch are judged in their order", "[ledger]") {
    MemoryLedger ledger;
    const auto answer = ledger.decide(Decide{7, {verdict("a", 60), verdict("a", 60)}, {}, {}});
    CHECK(answer.batch == 7);
    CHECK(answer.refused.size() == 1);
}

TEST_CASE("ledger: what is refused does not change up to where a job is decided", "[ledger]") {
    MemoryLedger ledger;
    CHECK(refused(ledger, verdict("a", 120)) == 0);
    CHECK(refused(ledger, verdict("a", 60)) == 1);
    CHECK(ledger.recall(true).jobs.at(verdict("a", 0).key.job).reached == Instant{seconds{120}});
}

TEST_CASE("ledger: what is asked for has a name that is given once, and decides nothing",
          "[ledger]") {
    MemoryLedger ledger;
    const auto asked = [](long moment, Pass pass = 0) {
        Verdict made = verdict("a", moment, pass);
        made.cause = Cause::manual;
        return made;
    };
    CHECK(refused(ledger, asked(90)) == 0);
    CHECK(refused(ledger, asked(90)) == 1);
    CHECK(refused(ledger, asked(80)) == 0);
    CHECK(refused(ledger, asked(90, 1)) == 0);
    CHECK(ledger.recall(true).jobs.empty());
    CHECK(refused(ledger, verdict("a", 60)) == 0);
}

TEST_CASE("ledger: it recalls what an engine needs to go on", "[ledger]") {
    MemoryLedger ledger;
    const JobId job = JobId::named("root", "/t", "a");
    Decide decide{
        1, {verdict("a", 60)}, {KnownJob{job, Instant{seconds{5}}}}, Instant{seconds{61}}};
    ledger.decide(decide);
    ledger.open_pass(OpenPass{1, false, Instant{seconds{1000}}, Instant{seconds{400}}});
    const Memory memory = ledger.recall(true);
    CHECK(memory.same_boot);
    CHECK(memory.passes.last() == 1);
    CHECK(memory.passes.of(true) == 1);
    CHECK(memory.passes.of(false) == 0);
    CHECK(memory.decided_until == Instant{seconds{400}});
    CHECK(memory.jobs.at(job).reached == Instant{seconds{60}});
    CHECK(memory.jobs.at(job).reached_in == 0);
    CHECK(memory.passes.taken_back(true, 0, Instant{seconds{900}}) == Instant{seconds{400}});
    CHECK(memory.fixed_decided_until == Instant{seconds{61}});
    ledger.decide(Decide{2, {}, {KnownJob{job, Instant{seconds{405}}}}, {}});
    CHECK(ledger.recall(true).jobs.at(job).reached == Instant{seconds{405}});
    CHECK(ledger.recall(true).jobs.at(job).reached_in == 1);
}
