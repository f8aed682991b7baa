// Starts that wait, and whose turn it is.
#include "daemon/start_queue.h"

#include <catch2/catch.hpp>
#include <string>

namespace cron::daemon {
namespace {

engine::Spawn spawn(engine::RunNumber run, const std::string& user) {
    auto entry = std::make_shared<crontab::Entry>();
    entry->user = user;
    engine::Spawn made;
    made.run = run;
    made.entry = std::move(entry);
    return made;
}

std::string order_of(StartQueue& queue) {
    std::string order;
    while (const auto next = queue.pop()) order += std::to_string(next->run) + " ";
    return order;
}

}  // namespace

TEST_CASE("start queue: one user's starts keep their order", "[daemon]") {
    StartQueue queue;
    for (engine::RunNumber run = 1; run <= 4; ++run) queue.push(spawn(run, "alice"));
    CHECK(order_of(queue) == "1 2 3 4 ");
    CHECK(queue.is_empty());
}

TEST_CASE("start queue: users take turns, whoever has many starts", "[daemon]") {
    StartQueue queue;
    for (engine::RunNumber run = 1; run <= 5; ++run) queue.push(spawn(run, "mallory"));
    queue.push(spawn(6, "alice"));
    queue.push(spawn(7, "bob"));
    CHECK(order_of(queue) == "1 6 7 2 3 4 5 ");
}

TEST_CASE("start queue: a start that is taken back does not come", "[daemon]") {
    StartQueue queue;
    queue.push(spawn(1, "alice"));
    queue.push(spawn(2, "alice"));
    queue.push(spawn(3, "bob"));
    CHECK(queue.erase(1));
    CHECK_FALSE(queue.erase(1));
    CHECK(queue.erase(3));
    CHECK(order_of(queue) == "2 ");
    queue.push(spawn(4, "bob"));
    CHECK(order_of(queue) == "4 ");
}

}  // namespace cron::daemon
