#include "daemon/worker.h"

#include <poll.h>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

// Runs continuations until all work is done.
void finish_all(Worker& worker) {
    while (worker.pending() > 0) {
        pollfd ready{worker.fd(), POLLIN, 0};
        CRON_CHECK(::poll(&ready, 1, -1) == 1);
        worker.finish();
    }
}

}  // namespace

TEST_CASE("worker: work runs on another thread, its continuation on ours, all in order",
          "[daemon]") {
    Worker worker = *Worker::create();
    const std::thread::id ours = std::this_thread::get_id();
    std::vector<int> order;
    for (int i = 0; i < 10; ++i) {
        REQUIRE(worker.post([&order, ours, i] {
            const bool elsewhere = std::this_thread::get_id() != ours;
            return [&order, ours, i, elsewhere] {
                if (elsewhere && std::this_thread::get_id() == ours) order.push_back(i);
            };
        }));
    }
    CHECK(worker.pending() == 10);
    finish_all(worker);
    CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("worker: finish without anything done does nothing", "[daemon]") {
    Worker worker = *Worker::create();
    worker.finish();
    CHECK(worker.pending() == 0);
}

TEST_CASE("worker: a continuation may be empty, and may post more work", "[daemon]") {
    Worker worker = *Worker::create();
    bool done = false;
    REQUIRE(worker.post([] { return Worker::Continuation(); }));
    REQUIRE(worker.post(
        [&] { return [&] { CHECK(worker.post([&] { return [&] { done = true; }; })); }; }));
    finish_all(worker);
    CHECK(done);
}

TEST_CASE("worker: it refuses work above its bound, and takes some again when some is done",
          "[daemon]") {
    auto [reader, writer] = make_pipe();
    Worker worker = *Worker::create();
    REQUIRE(worker.post([fd = reader.get()] {
        char byte = 0;
        CRON_CHECK(::read(fd, &byte, 1) == 1);
        return Worker::Continuation();
    }));
    for (std::size_t i = 1; i < Worker::kPendingMax; ++i) {
        REQUIRE(worker.post([] { return Worker::Continuation(); }));
    }
    CHECK_FALSE(worker.post([] { return Worker::Continuation(); }));
    CHECK(::write(writer.get(), "x", 1) == 1);
    finish_all(worker);
    CHECK(worker.post([] { return Worker::Continuation(); }));
}

TEST_CASE("worker: its thread takes no signals", "[daemon]") {
    Worker worker = *Worker::create();
    bool all_blocked = false;
    REQUIRE(worker.post([&] {
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        const bool blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
        return [&all_blocked, blocked] { all_blocked = blocked; };
    }));
    finish_all(worker);
    CHECK(all_blocked);
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    CHECK(sigismember(&mask, SIGTERM) == 0);
}

TEST_CASE("worker: its end waits for the work in progress and releases the rest", "[daemon]") {
    auto [reader, writer] = make_pipe();
    auto [started_reader, started_writer] = make_pipe();
    const auto held_by_work = std::make_shared<int>(0);
    bool is_done = false;
    std::thread releaser;
    {
        Worker worker = *Worker::create();
        REQUIRE(worker.post([&is_done, in = reader.get(), started = started_writer.get()] {
            CRON_CHECK(::write(started, "x", 1) == 1);
            char byte = 0;
            CRON_CHECK(::read(in, &byte, 1) == 1);
            is_done = true;
            return Worker::Continuation();
        }));
        REQUIRE(worker.post([held_by_work] { return [held_by_work] {}; }));
        char byte = 0;
        REQUIRE(::read(started_reader.get(), &byte, 1) == 1);
        releaser = std::thread([out = writer.get()] { CRON_CHECK(::write(out, "x", 1) == 1); });
    }
    CHECK(is_done);
    CHECK(held_by_work.use_count() == 1);
    releaser.join();
}

TEST_CASE("worker: one that is abandoned does not hold up the exit while its work hangs",
          "[daemon]") {
    const ChildResult result = in_child([] {
        auto [reader, writer] = make_pipe();
        auto [started_reader, started_writer] = make_pipe();
        Worker worker = *Worker::create();
        // The work outlives this function: it owns what it uses, and nothing ever comes.
        const int forever = reader.release();
        const int keeps_it_open = writer.release();
        const bool posted = worker.post([forever, started = started_writer.get()] {
            CRON_CHECK(::write(started, "x", 1) == 1);
            char byte = 0;
            CRON_CHECK(::read(forever, &byte, 1) == 1);
            return Worker::Continuation();
        });
        char byte = 0;
        if (!posted || ::read(started_reader.get(), &byte, 1) != 1) return 1;
        worker.abandon();
        return keeps_it_open >= 0 ? 0 : 1;
    });
    CHECK(result.status == 0);
}

TEST_CASE("worker: one that is abandoned while idle ends with its thread", "[daemon]") {
    const ChildResult result = in_child([] {
        Worker worker = *Worker::create();
        worker.abandon();
        return 0;
    });
    CHECK(result.status == 0);
}

}  // namespace cron::daemon
