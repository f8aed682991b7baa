// The output of runs that live, while it grows and while it does not.
#include "daemon/output_watch.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "support.h"

namespace cron::daemon {
namespace {

constexpr std::uint64_t kLimit = 8192;
constexpr std::chrono::seconds kPatience{60};

process::OutputFile make_file(const process::OutputFolder& folder, engine::RunNumber run = 1) {
    process::Identity owner;
    owner.uid = ::geteuid();
    owner.gid = ::getegid();
    auto file = folder.create(run, owner);
    REQUIRE(file);
    return *std::move(file);
}

void grow(const process::OutputFile& file, std::size_t bytes) {
    const std::string text(bytes, 'x');
    REQUIRE(::write(file.fd(), text.data(), bytes) == static_cast<ssize_t>(bytes));
}

struct Bench {
    TemporaryFolder temporary;
    process::OutputFolder folder = process::OutputFolder::open(temporary / "output").value();
    EventLoop loop = std::move(EventLoop::create().value());
    int failures = 0;
    std::unique_ptr<OutputWatch> watch = OutputWatch::create(loop).value();

    void add(process::OutputFile& file) {
        watch->add(file, kLimit, [this](const Error&) { ++failures; });
    }

    // Turns until nothing is looked at any more.
    void settle() {
        for (int i = 0; i < 100 && watch->is_looking(); ++i) REQUIRE(loop.turn(kPatience));
        REQUIRE_FALSE(watch->is_looking());
    }
};

TEST_CASE("output watch: a file that grows is cut while its run lives", "[daemon]") {
    Bench bench;
    process::OutputFile file = make_file(bench.folder);
    bench.add(file);
    grow(file, 100'000);
    REQUIRE(bench.loop.turn(kPatience));
    CHECK(file.left_out_bytes() == 100'000 - kLimit);
    CHECK(bench.watch->is_looking());
    bench.watch->remove(file);
    CHECK(bench.failures == 0);
}

TEST_CASE("output watch: while nothing grows nobody looks, and what grows again is seen",
          "[daemon]") {
    Bench bench;
    process::OutputFile first = make_file(bench.folder);
    process::OutputFile second = make_file(bench.folder, 2);
    CHECK_FALSE(bench.watch->is_looking());
    bench.add(first);
    bench.add(second);
    grow(first, 10);
    for (int round = 1; round <= 3; ++round) {
        bench.settle();
        grow(second, 100'000);
        // Told by the kernel, then looked at.
        REQUIRE(bench.loop.turn(kPatience));
        CHECK(bench.watch->is_looking());
        bench.settle();
        CHECK(second.left_out_bytes() == static_cast<unsigned>(round) * 100'000 - kLimit);
    }
    CHECK(first.left_out_bytes() == 0);
    bench.watch->remove(first);
    bench.watch->remove(second);
    CHECK(bench.failures == 0);
}

TEST_CASE("output watch: of a file in memory the kernel does not tell, so it is looked at always",
          "[daemon]") {
    Bench bench;
    process::OutputFile file = make_file(process::OutputFolder::in_memory());
    bench.add(file);
    for (int look = 1; look <= 3; ++look) {
        REQUIRE(bench.loop.turn(kPatience));
        CHECK(bench.watch->is_looking());
    }
    grow(file, 100'000);
    REQUIRE(bench.loop.turn(kPatience));
    CHECK(file.left_out_bytes() == 100'000 - kLimit);
    bench.watch->remove(file);
}

TEST_CASE("output watch: a run that ends is looked at once more, however it is watched",
          "[daemon]") {
    Bench bench;
    process::OutputFile growing = make_file(bench.folder);
    bench.add(growing);
    grow(growing, 10'000);
    bench.watch->remove(growing);
    CHECK(growing.left_out_bytes() == 10'000 - kLimit);

    process::OutputFile quiet = make_file(bench.folder, 2);
    bench.add(quiet);
    bench.settle();
    grow(quiet, 10'000);
    bench.watch->remove(quiet);
    CHECK(quiet.left_out_bytes() == 10'000 - kLimit);
    // What the kernel still has to tell of it harms nobody.
    REQUIRE(bench.loop.turn(std::chrono::milliseconds{0}));
    bench.watch->remove(quiet);
    CHECK(bench.failures == 0);
}

}  // namespace
}  // namespace cron::daemon
