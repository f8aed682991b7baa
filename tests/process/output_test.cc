#include "process/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>

namespace cron::process {
namespace {

// A folder of its own for each test, gone afterwards.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = "/tmp/belfry-output-XXXXXX";
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

Identity myself() {
    Identity identity;
    identity.uid = geteuid();
    identity.gid = getegid();
    return identity;
}

std::size_t count_files(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

void write_all(int fd, std::string_view text) {
    REQUIRE(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

TEST_CASE("output folder: is made for its owner alone, and one that is open to others is closed",
          "[output]") {
    const TemporaryFolder temporary;
    const std::filesystem::path path = temporary.path() / "output";
    REQUIRE(OutputFolder::open(path));
    std::filesystem::permissions(path, std::filesystem::perms::all);
    REQUIRE(OutputFolder::open(path));
    CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("output folder: neither a link nor a file will do", "[output]") {
    const TemporaryFolder temporary;
    std::filesystem::create_directory_symlink("/tmp", temporary.path() / "link");
    CHECK_FALSE(OutputFolder::open(temporary.path() / "link"));
    CHECK_FALSE(OutputFolder::open("/dev/null"));
    CHECK(OutputFolder::open(temporary.path() / "no" / "such").error().code ==
          ErrorCode::not_found);
}

TEST_CASE("output folder: that of somebody else is denied", "[output]") {
    if (geteuid() != 0) {
        WARN("skipped: needs root");
        return;
    }
    const TemporaryFolder temporary;
    REQUIRE(chown(temporary.path().c_str(), 1, 1) == 0);
    const auto folder = OutputFolder::open(temporary.path());
    REQUIRE_FALSE(folder);
    CHECK(folder.error().code == ErrorCode::denied);
}

TEST_CASE("output file: is its owner's, private, for append, and gone when it is done with",
          "[output]") {
    const TemporaryFolder temporary;
    const auto folder = OutputFolder::open(temporary.path());
    REQUIRE(folder);
    Identity owner = myself();
    if (geteuid() == 0) owner.uid = owner.gid = 65'534;
    {
        auto file = folder->create(7, owner);
        REQUIRE(file);
        CHECK_FALSE(file->problem());
        CHECK_FALSE(file->is_in_memory());
        CHECK(count_files(temporary.path()) == 1);
        struct stat status {};
        REQUIRE(fstat(file->fd(), &status) == 0);
        CHECK(status.st_uid == owner.uid);
        CHECK(status.st_gid == owner.gid);
        CHECK((status.st_mode & 07777) == 0600);
        CHECK(status.st_size == 0);
        CHECK((fcntl(file->fd(), F_GETFL) & O_APPEND) != 0);
        CHECK((fcntl(file->fd(), F_GETFD) & FD_CLOEXEC) != 0);
        const OutputFile moved = std::move(*file);
        CHECK(count_files(temporary.path()) == 1);
    }
    CHECK(count_files(temporary.path()) == 0);
}

TEST_CASE("output file: the same run number of two daemons makes two files", "[output]") {
    const TemporaryFolder temporary;
    const auto first = OutputFolder::open(temporary.path());
    const auto second = OutputFolder::open(temporary.path());
    REQUIRE((first && second));
    const auto a = first->create(1, myself());
    const auto b = second->create(1, myself());
    REQUIRE((a && b));
    CHECK_FALSE(b->problem());
    CHECK(count_files(temporary.path()) == 2);
}

TEST_CASE("output file: without a folder the output is kept in memory, and the reason is told",
          "[output]") {
    const TemporaryFolder temporary;
    const std::filesystem::path path = temporary.path() / "output";
    const auto folder = OutputFolder::open(path);
    REQUIRE(folder);
    std::filesystem::remove(path);
    const auto file = folder->create(1, myself());
    REQUIRE(file);
    REQUIRE(file->problem());
    CHECK(file->is_in_memory());
    CHECK(file->problem()->code == ErrorCode::not_found);
    write_all(file->fd(), "said all the same\n");
    CHECK(file->read(100)->text == "said all the same\n");
}

TEST_CASE("output file: reading is bounded, and keeps both ends", "[output]") {
    const TemporaryFolder temporary;
    const auto folder = OutputFolder::open(temporary.path());
    REQUIRE(folder);
    const auto file = folder->create(1, myself());
    REQUIRE(file);
    write_all(file->fd(), "first\nsecond\nthird\nfourth\nlast\n");
    CHECK(*file->size_bytes() == 31);
    CHECK(file->read(31)->text == "first\nsecond\nthird\nfourth\nlast\n");
    const auto ends = file->read(18);
    REQUIRE(ends);
    CHECK(ends->text == "first\n[20 bytes are left out here]\nlast\n");
    CHECK(ends->total_bytes == 31);

    // A job may make its file as long as it likes.
    REQUIRE(ftruncate(file->fd(), off_t{1} << 40) == 0);
    const auto huge = file->read(1 << 10);
    REQUIRE(huge);
    CHECK(huge->total_bytes == std::uint64_t{1} << 40);
    CHECK(huge->text.size() < (1 << 10) + 100);
}

TEST_CASE("output file: what is beyond a limit is taken out of the middle, again and again",
          "[output]") {
    const TemporaryFolder temporary;
    const auto on_disk = OutputFolder::open(temporary.path());
    REQUIRE(on_disk);
    const OutputFolder in_memory = OutputFolder::in_memory();
    for (const OutputFolder* folder : {&*on_disk, &in_memory}) {
        auto file = folder->create(1, myself());
        REQUIRE(file);
        constexpr std::uint64_t kLimit = 64 << 10;
        write_all(file->fd(), "first\n");
        CHECK(file->keep_within(kLimit) == 6);
        CHECK(file->left_out_bytes() == 0);
        std::uint64_t total = 6;
        for (int i = 0; i < 10; ++i) {
            const std::string line(99'999, static_cast<char>('a' + i));
            write_all(file->fd(), line + "\n");
            total += line.size() + 1;
            CHECK(file->keep_within(kLimit) == total);
            CHECK(file->left_out_bytes() == total - kLimit);
            struct stat status {};
            REQUIRE(fstat(file->fd(), &status) == 0);
            // Head, tail, two blocks cut in part, and what was reserved.
            CHECK(status.st_blocks * 512 <= (64 + 2 * 4 + 16) << 10);
        }
        write_all(file->fd(), "last\n");
        // Not looked at since: what came is there.
        const auto text = file->read(1 << 20);
        REQUIRE(text);
        CHECK(text->total_bytes == total + 5);
        CHECK(text->text.starts_with("first\n["));
        CHECK(text->text.ends_with("here]\nlast\n"));
        CHECK(text->text.find('\0') == std::string::npos);
        // Of what is left one may read less.
        const auto less = file->read(16);
        REQUIRE(less);
        CHECK(less->text == fmt::format("first\n[{} bytes are left out here]\nlast\n", total - 6));
    }
}

TEST_CASE("output file: one that its job empties has nothing left out any more", "[output]") {
    auto file = OutputFolder::in_memory().create(1, myself());
    REQUIRE(file);
    write_all(file->fd(), std::string(100'000, 'x'));
    REQUIRE(file->keep_within(4096));
    CHECK(file->left_out_bytes() == 100'000 - 4096);
    REQUIRE(ftruncate(file->fd(), 0) == 0);
    write_all(file->fd(), "anew\n");
    CHECK(file->read(1 << 20)->text == "anew\n");
    CHECK(file->keep_within(4096) == 5);
    CHECK(file->left_out_bytes() == 0);
}

TEST_CASE("output file: what was left out of it is found again by whoever opens it next",
          "[output]") {
    const TemporaryFolder temporary;
    const auto folder = OutputFolder::open(temporary.path() / "output");
    REQUIRE(folder);
    constexpr std::uint64_t kLimit = 10'000;
    {
        auto file = folder->create(1, myself());
        REQUIRE(file);
        write_all(file->fd(), std::string(300'000, 'x'));
        REQUIRE(file->keep_within(kLimit));
        CHECK_FALSE(file->keep().empty());
    }
    auto again = folder->reopen(folder->tag(), 1);
    REQUIRE(again);
    again->find_left_out(kLimit);
    CHECK(again->left_out_bytes() == 300'000 - kLimit);
    CHECK(again->read(1 << 20)->text.find('\0') == std::string::npos);

    auto whole = folder->create(2, myself());
    REQUIRE(whole);
    write_all(whole->fd(), std::string(300'000, 'x'));
    whole->find_left_out(kLimit);
    CHECK(whole->left_out_bytes() == 0);
}

TEST_CASE("output file: opening it again does not wait for who holds a lease on it", "[output]") {
    const TemporaryFolder temporary;
    const auto folder = OutputFolder::open(temporary.path() / "output");
    REQUIRE(folder);
    UniqueFd job;
    {
        auto file = folder->create(1, myself());
        REQUIRE(file);
        // As the job that outlives its daemon has it.
        job.reset(::fcntl(file->fd(), F_DUPFD_CLOEXEC, 0));
        CHECK_FALSE(file->keep().empty());
    }
    struct sigaction ignored {};
    struct sigaction before {};
    ignored.sa_handler = SIG_IGN;
    REQUIRE(::sigaction(SIGIO, &ignored, &before) == 0);
    REQUIRE(::fcntl(job.get(), F_SETLEASE, F_WRLCK) == 0);
    const auto again = folder->reopen(folder->tag(), 1);
    REQUIRE_FALSE(again);
    CHECK(again.error().system_errno == EAGAIN);
    job.reset();
    CHECK(folder->reopen(folder->tag(), 1));
    REQUIRE(::sigaction(SIGIO, &before, nullptr) == 0);
}

TEST_CASE("output file: knows of writes since they were forgotten, whatever its size", "[output]") {
    const TemporaryFolder temporary;
    for (const bool is_in_memory : {false, true}) {
        const auto folder = is_in_memory ? Result<OutputFolder>(OutputFolder::in_memory())
                                         : OutputFolder::open(temporary.path() / "output");
        REQUIRE(folder);
        auto file = folder->create(1, myself());
        REQUIRE(file);
        file->forget_writes();
        CHECK_FALSE(file->has_writes());
        write_all(file->fd(), "error");
        CHECK(file->has_writes());
        file->forget_writes();
        CHECK_FALSE(file->has_writes());
        REQUIRE(::ftruncate(file->fd(), 0) == 0);
        CHECK_FALSE(file->has_writes());
        write_all(file->fd(), "error");
        CHECK(file->has_writes());
    }
}

TEST_CASE("join_ends: counts every byte that is not there, whether lines are long or short",
          "[output]") {
    CHECK(join_ends("aaa", "zzz", 10) == "aaa\n[4 bytes are left out here]\nzzz");
    CHECK(join_ends("a\nbb", "y\nz\n", 20) == "a\n[16 bytes are left out here]\nz\n");
    CHECK(join_ends("a\n", "zz\n", 20) == "a\n[15 bytes are left out here]\nzz\n");
    CHECK(join_ends("", "", 5) == "[5 bytes are left out here]\n");
}

}  // namespace
}  // namespace cron::process
