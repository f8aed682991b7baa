// Launching marks: what is marked is found by whoever opens the file in the same boot.
#include "ledger/marks.h"

#include <filesystem>

#include <unistd.h>
#include <catch2/catch.hpp>

namespace cron::ledger {
namespace {

class TempFile {
  public:
    TempFile() {
        char name[] = "/tmp/belfry-marks-XXXXXX";
        const int fd = ::mkstemp(name);
        REQUIRE(fd >= 0);
        ::close(fd);
        path_ = name;
    }
    TempFile(const TempFile&) = delete;
    TempFile& operator=(const TempFile&) = delete;
    ~TempFile() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

engine::RunKey key(const std::string& name, long due = 60) {
    return {JobId::named("root", "/t", name), Instant{seconds{due}}, 0};
}

Marks open(const TempFile& file, const std::string& boot = "boot",
           const std::string& ledger = "ledger") {
    auto marks = Marks::open({file.path(), boot, ledger});
    REQUIRE(marks);
    return *std::move(marks);
}

}  // namespace

TEST_CASE("marks: what was marked is found by the next, with its process", "[ledger]") {
    const TempFile file;
    {
        Marks marks = open(file);
        CHECK(marks.is_complete());
        REQUIRE(marks.set(key("a"), 1));
        REQUIRE(marks.set(key("b"), 2));
        marks.add_process(key("b"), 2, {77, 12345, 99, 5, 6});
    }
    Marks marks = open(file);
    REQUIRE(marks.find(key("a"), 1));
    CHECK(marks.find(key("a"), 1)->pid == 0);
    REQUIRE(marks.find(key("b"), 2));
    CHECK(marks.find(key("b"), 2)->pid == 77);
    CHECK(marks.find(key("b"), 2)->process_start == 12345);
    CHECK(marks.find(key("b"), 2)->output_number == 6);
    CHECK_FALSE(marks.find(key("b"), 1));
    CHECK_FALSE(marks.find(key("a", 120), 1));
    marks.clear(key("a"), 1);
    CHECK_FALSE(marks.find(key("a"), 1));
    CHECK_FALSE(open(file).find(key("a"), 1));
    CHECK(open(file).find(key("b"), 2));
}

TEST_CASE("marks: those of another boot or ledger mean nothing", "[ledger]") {
    const TempFile file;
    REQUIRE(open(file).set(key("a"), 1));
    CHECK(open(file).find(key("a"), 1));
    CHECK_FALSE(open(file, "later").find(key("a"), 1));
    REQUIRE(open(file, "later").set(key("a"), 1));
    CHECK_FALSE(open(file, "later", "other").find(key("a"), 1));
    // Where the boot is not known nothing is taken over.
    REQUIRE(open(file, "").set(key("a"), 1));
    CHECK_FALSE(open(file, "").find(key("a"), 1));
}

TEST_CASE("marks: in another pid namespace no pid is that of a marked process, and stays so",
          "[ledger]") {
    const TempFile file;
    const auto open_in = [&](std::uint64_t pid_namespace) {
        auto marks = Marks::open({file.path(), "boot", "ledger", pid_namespace});
        REQUIRE(marks);
        return *std::move(marks);
    };
    {
        Marks marks = open_in(1);
        REQUIRE(marks.set(key("begun"), 1));
        REQUIRE(marks.set(key("made"), 1));
        marks.add_process(key("made"), 1, {77, 12345, 99, 5, 6});
    }
    CHECK(open_in(1).find(key("made"), 1)->pid == 77);
    {
        Marks marks = open_in(2);
        CHECK(marks.tells_all());  // what is not marked was not started, there or here
        CHECK(marks.find(key("begun"), 1)->pid == 0);
        CHECK(marks.find(key("made"), 1)->pid == kElsewhere);
        REQUIRE(marks.set(key("here"), 1));
        marks.add_process(key("here"), 1, {77, 12345, 99, 5, 6});
    }
    CHECK(open_in(2).find(key("here"), 1)->pid == 77);
    CHECK(open_in(1).find(key("made"), 1)->pid == kElsewhere);
}

TEST_CASE("marks: that starts went unmarked is known to the next", "[ledger]") {
    const TempFile file;
    CHECK_FALSE(
        open(file).tells_all());  // it was begun just now: of what was before it knows nothing
    CHECK(open(file).tells_all());
    open(file).give_up();
    CHECK_FALSE(open(file).tells_all());
    CHECK_FALSE(open(file, "later").tells_all());
    CHECK(open(file, "later").tells_all());
}

TEST_CASE("marks: the file grows with the runs that live, and places are used again", "[ledger]") {
    const TempFile file;
    {
        Marks marks = open(file);
        for (long due = 0; due < 5'000; ++due) REQUIRE(marks.set(key("a", due), 1));
        const auto size = std::filesystem::file_size(file.path());
        for (long due = 0; due < 5'000; ++due) marks.clear(key("a", due), 1);
        for (long due = 0; due < 5'000; ++due) REQUIRE(marks.set(key("b", due), 1));
        CHECK(std::filesystem::file_size(file.path()) == size);
    }
    Marks marks = open(file);
    for (long due = 0; due < 5'000; ++due) {
        CHECK(marks.find(key("b", due), 1));
        CHECK_FALSE(marks.find(key("a", due), 1));
    }
}

TEST_CASE("marks: a file of anything else is begun anew", "[ledger]") {
    const TempFile file;
    std::filesystem::resize_file(file.path(), 1'000'000);
    Marks marks = open(file);
    CHECK(marks.is_complete());
    REQUIRE(marks.set(key("a"), 1));
    CHECK(marks.find(key("a"), 1));
}

}  // namespace cron::ledger
