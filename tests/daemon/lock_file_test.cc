#include "daemon/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

enum class Kind { flock, open_file, classic };

// Another process, not one of ours, that holds one kind of lock on a file and has written `text`
// into it, until this object dies.
class OtherCron {
  public:
    OtherCron(Kind kind, const std::string& path, const std::string& text = "") {
        auto [ready_reader, ready_writer] = make_pipe();
        auto [end_reader, end_writer] = make_pipe();
        pid_ = ::fork();
        CRON_CHECK(pid_ >= 0);
        if (pid_ == 0) {
            ready_reader.reset();
            end_writer.reset();
            const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
            CRON_CHECK(lock(kind, fd) == 0);
            const std::string own = text == "PID" ? fmt::format("{}\n", ::getpid()) : text;
            CRON_CHECK(::pwrite(fd, own.data(), own.size(), 0) == static_cast<ssize_t>(own.size()));
            ready_writer.reset();
            read_all(end_reader.get());
            ::_exit(0);
        }
        ready_writer.reset();
        read_all(ready_reader.get());
        end_ = std::move(end_writer);
    }
    ~OtherCron() {
        end_.reset();
        ::waitpid(pid_, nullptr, 0);
    }
    OtherCron(const OtherCron&) = delete;
    OtherCron& operator=(const OtherCron&) = delete;

    pid_t pid() const { return pid_; }
    void kill() { ::kill(pid_, SIGKILL); }

  private:
    static int lock(Kind kind, int fd) {
        struct flock whole {};
        whole.l_type = F_WRLCK;
        switch (kind) {
            case Kind::flock:
                return ::flock(fd, LOCK_EX | LOCK_NB);
            case Kind::open_file:
                return ::fcntl(fd, F_OFD_SETLK, &whole);
            case Kind::classic:
                return ::fcntl(fd, F_SETLK, &whole);
        }
        return -1;
    }

    pid_t pid_ = -1;
    UniqueFd end_;
};

std::string name_of_this() {
    std::string name = content_of("/proc/self/comm");
    name.pop_back();
    return name;
}

}  // namespace

TEST_CASE("lock file: it holds the pid, and is emptied but not removed at the end", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    std::ofstream(path) << "1234567 and more of an older time\n";
    {
        Result<LockFile> lock = LockFile::acquire(path);
        REQUIRE(lock);
        REQUIRE(lock->write_pid());
        CHECK(content_of(path) == fmt::format("{}\n", ::getpid()));
        // Whoever may read it may lock it, and keep crond from starting.
        struct stat file {};
        REQUIRE(::stat(path.c_str(), &file) == 0);
        CHECK((file.st_mode & 0777) == 0600);
    }
    CHECK(content_of(path).empty());
    CHECK(std::filesystem::exists(path));
    CHECK(LockFile::acquire(path));
}

TEST_CASE("lock file: whatever kind of lock another cron holds, we are kept out and told its pid",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    const Kind kind = GENERATE(Kind::flock, Kind::open_file, Kind::classic);
    const OtherCron other(kind, path, "PID");
    const std::string before = content_of(path);
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().code == ErrorCode::busy);
    CHECK(lock.error().message ==
          fmt::format("{} is locked by process {} ({})", path, other.pid(), name_of_this()));
    CHECK(content_of(path) == before);
}

TEST_CASE("lock file: a holder that wrote no pid is asked of the kernel", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    const Kind kind = GENERATE(Kind::flock, Kind::classic);
    // Nothing, nonsense, and the pid of a process that is no more.
    const std::string text = GENERATE("", "cron\n", "2147483647\n");
    const OtherCron other(kind, path, text);
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().message ==
          fmt::format("{} is locked by process {} ({})", path, other.pid(), name_of_this()));
    CHECK(content_of(path) == text);
}

TEST_CASE("lock file: a holder that nobody knows is still one", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    const OtherCron other(Kind::open_file, path);
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().message == path + " is locked by another process");
}

TEST_CASE("lock file: our own pid in a locked file is that of another container", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    const OtherCron other(Kind::open_file, path, fmt::format("{}\n", ::getpid()));
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().message ==
          fmt::format("{} is locked by process {} of another container", path, ::getpid()));
}

TEST_CASE("lock file: of a holder on another host that one is named, whatever has its pid here",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "lock";
    const OtherCron other(Kind::open_file, path, "1 web-5c9f\n");
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE_FALSE(lock);
    CHECK(lock.error().message == path + " is locked by process 1 on web-5c9f");
}

TEST_CASE("lock file: the host stands behind the pid, and one of ours is told as without",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "lock";
    {
        Result<LockFile> lock = LockFile::acquire(path);
        REQUIRE(lock);
        REQUIRE(lock->write_pid("web-5c9f"));
        CHECK(content_of(path) == fmt::format("{} web-5c9f\n", ::getpid()));
    }
    const OtherCron other(Kind::flock, path, fmt::format("1 {}\n", host_name()));
    CHECK(LockFile::acquire(path).error().message.find("locked by process 1 (") !=
          std::string::npos);
}

TEST_CASE("lock file: a second lock in the same process is refused too", "[daemon]") {
    const TemporaryFolder folder;
    const Result<LockFile> first = LockFile::acquire(folder / "crond.pid");
    REQUIRE(first);
    CHECK(LockFile::acquire(folder / "crond.pid").error().code == ErrorCode::busy);
}

TEST_CASE("lock file: until the pid is written the file stays as it was", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    std::ofstream(path) << "4711\n";
    CHECK(LockFile::acquire(path));
    CHECK(content_of(path) == "4711\n");
}

TEST_CASE("lock file: it keeps out those who take only flock, or only a lock of fcntl",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    const Result<LockFile> lock = LockFile::acquire(path);
    REQUIRE(lock);
    const ChildResult result = in_child([&] {
        const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        struct flock whole {};
        whole.l_type = F_WRLCK;
        const bool by_flock = ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
        const bool by_classic = ::fcntl(fd.get(), F_SETLK, &whole) == 0;
        const bool by_open_file = ::fcntl(fd.get(), F_OFD_SETLK, &whole) == 0;
        return by_flock || by_classic || by_open_file ? 1 : 0;
    });
    CHECK(result.status == 0);
}

TEST_CASE("lock file: after a holder was killed the next one has it at once", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    {
        OtherCron other(Kind::flock, path, "PID");
        other.kill();
    }
    REQUIRE_FALSE(content_of(path).empty());
    CHECK(LockFile::acquire(path));
}

TEST_CASE("lock file: what a killed holder's child still shares for an instant is waited for",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    constexpr const char* kNobody = "2147483647\n";  // beyond all pids
    std::optional<OtherCron> child(std::in_place, Kind::flock, path, kNobody);
    std::thread end([&] { child.reset(); });
    const auto lock = LockFile::acquire(path);
    end.join();
    CHECK(lock);
}

TEST_CASE("lock file: a program that is started does not inherit it", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.pid";
    pid_t child = -1;
    auto [reader, writer] = make_pipe();
    {
        const Result<LockFile> lock = LockFile::acquire(path);
        REQUIRE(lock);
        auto [started_reader, started_writer] = make_pipe();
        child = ::fork();
        if (child == 0) {
            ::dup2(reader.get(), STDIN_FILENO);
            writer.reset();
            ::execl("/bin/cat", "cat", static_cast<char*>(nullptr));
            ::_exit(127);
        }
        // Its copy of the writer is closed by the exec.
        started_writer.reset();
        read_all(started_reader.get());
    }
    CHECK(LockFile::acquire(path));
    writer.reset();
    ::waitpid(child, nullptr, 0);
}

TEST_CASE("lock file: the next program of a process goes on with the lock by its descriptor",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "pid";
    auto lock = LockFile::acquire(path);
    REQUIRE(lock);
    REQUIRE(lock->write_pid());
    // As after an exec: the same open file description.
    const int inherited = ::fcntl(lock->fd(), F_DUPFD_CLOEXEC, 0);
    {
        const auto next = LockFile::take_over(UniqueFd(inherited), path);
        REQUIRE(next);
        CHECK_FALSE(LockFile::acquire(path));
        CHECK(content_of(path) == fmt::format("{}\n", ::getpid()));
    }
    // One that is not that of the file, or of nobody.
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    CHECK_FALSE(LockFile::take_over(UniqueFd(null), path));
    CHECK_FALSE(LockFile::take_over(UniqueFd(), path));
    CHECK_FALSE(LockFile::take_over(UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC)), path));
}

TEST_CASE("lock file: neither a link nor a FIFO nor a folder is taken for it", "[daemon]") {
    const TemporaryFolder folder;
    std::ofstream(folder / "target") << "precious";
    std::filesystem::create_symlink(folder / "target", folder / "link");
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    CHECK(LockFile::acquire(folder / "link").error().system_errno == ELOOP);
    CHECK(content_of(folder / "target") == "precious");
    CHECK(LockFile::acquire(folder / "fifo").error().code == ErrorCode::invalid);
    CHECK_FALSE(LockFile::acquire(folder.path()));
}

TEST_CASE("lock file: a folder that is not there is an error that names the file", "[daemon]") {
    const TemporaryFolder folder;
    const Result<LockFile> lock = LockFile::acquire(folder / "none/crond.pid");
    REQUIRE_FALSE(lock);
    CHECK(lock.error().code == ErrorCode::not_found);
    CHECK(lock.error().message ==
          "open " + (folder / "none/crond.pid") + ": No such file or directory");
}

}  // namespace cron::daemon
