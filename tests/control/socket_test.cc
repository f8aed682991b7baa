// The socket as a file, and the lines that go through it.
#include "control/socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "control/client.h"
#include "support.h"

using namespace cron;
using namespace cron::control;

namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode;
}

bool is_there(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

TEST_CASE("socket: everybody may connect, whatever the umask", "[control]") {
    const SocketFolder folder;
    for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{0777}}) {
        const mode_t before = ::umask(mask);
        const auto listener = Listener::open(folder / "sock");
        ::umask(before);
        REQUIRE(listener);
        CHECK(mode_of(folder / "sock") == (S_IFSOCK | 0666));
        CHECK(connect_to(folder / "sock", patience_end()));
    }
}

TEST_CASE("socket: it goes with its listener, and nothing is left", "[control]") {
    const SocketFolder folder;
    {
        const auto listener = Listener::open(folder / "sock");
        REQUIRE(listener);
        CHECK(is_there(folder / "sock"));
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("socket: one that nobody listens on is replaced, one that somebody does is not",
          "[control]") {
    const SocketFolder folder;
    {
        auto listener = Listener::open(folder / "first");
        REQUIRE(listener);
        std::filesystem::rename(folder / "first", folder / "sock");  // as a crash leaves it
    }
    REQUIRE(is_there(folder / "sock"));
    const auto second = Listener::open(folder / "sock");
    REQUIRE(second);
    const auto third = Listener::open(folder / "sock");
    REQUIRE_FALSE(third);
    CHECK(third.error().code == ErrorCode::busy);
    CHECK(connect_to(folder / "sock", patience_end()));
}

TEST_CASE("socket: a file of another kind is not replaced", "[control]") {
    const SocketFolder folder;
    std::ofstream(folder / "file") << "mine";
    std::filesystem::create_symlink(folder / "file", folder / "link");
    for (const char* name : {"file", "link"}) {
        const auto listener = Listener::open(folder / name);
        REQUIRE_FALSE(listener);
        CHECK(listener.error().code == ErrorCode::busy);
        CHECK(is_there(folder / name));
    }
}

TEST_CASE("socket: what a crash has left half made is no hindrance, and a stranger's file stays",
          "[control]") {
    const SocketFolder folder;
    {
        auto listener = Listener::open(folder / "first");
        REQUIRE(listener);
        std::filesystem::rename(folder / "first", folder / "sock.new");
    }
    CHECK(Listener::open(folder / "sock"));
    std::ofstream(folder / "sock.new") << "mine";
    CHECK_FALSE(Listener::open(folder / "sock"));
    CHECK(is_there(folder / "sock.new"));
}

TEST_CASE("socket: what has taken its place is not removed with it", "[control]") {
    const SocketFolder folder;
    {
        auto listener = Listener::open(folder / "sock");
        REQUIRE(listener);
        std::filesystem::remove(folder / "sock");
        std::ofstream(folder / "sock") << "another";
    }
    CHECK(is_there(folder / "sock"));
}

TEST_CASE("socket: a path that is too long is told", "[control]") {
    const SocketFolder folder;
    const auto listener = Listener::open(folder / std::string(200, 'x'));
    REQUIRE_FALSE(listener);
    CHECK(listener.error().code == ErrorCode::invalid);
    CHECK_FALSE(connect_to(folder / std::string(200, 'x'), patience_end()));
}

TEST_CASE("client: where nobody listens, that is told apart from other failures", "[control]") {
    const SocketFolder folder;
    std::ofstream(folder / "file") << "no socket";
    for (const char* name : {"none", "file"}) {
        const auto answer = ask(folder / name, ReadTable{"joe"});
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::not_found);
    }
}

TEST_CASE("client: a daemon that takes nothing and says nothing is not waited for without end",
          "[control]") {
    const SocketFolder folder;
    const auto listener = Listener::open(folder / "sock");
    REQUIRE(listener);
    const auto answer = ask(folder / "sock", InstallTable{"joe", std::string(1 << 20, '#'), {}},
                            std::chrono::milliseconds(50));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::limit);
}

TEST_CASE("channel: lines come one by one, however their bytes do", "[control]") {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    Channel near((UniqueFd(ends[0])));
    Channel far((UniqueFd(ends[1])));
    using Ending = Channel::Ending;
    std::string line;
    for (const char c : std::string("a\n\nbc\nd")) send(near, std::string(1, c));
    for (const char* expected : {"a", "", "bc"}) {
        REQUIRE(far.read_line(line, 100, patience_end()) == Ending::done);
        CHECK(line == expected);
    }
    // Half a line: until the deadline, and on with the same bytes after it.
    CHECK(far.read_line(line, 100, Deadline::clock::now()) == Ending::too_late);
    CHECK(far.read_line(line, 100, Deadline::clock::now() + std::chrono::milliseconds(1)) ==
          Ending::too_late);
    CHECK(far.has_begun());
    send(near, "efgh\n");
    CHECK(far.read_line(line, 5, patience_end()) == Ending::too_long);
    REQUIRE(far.read_line(line, 6, patience_end()) == Ending::done);
    CHECK(line == "defgh");
    CHECK_FALSE(far.has_gone());
    near = Channel(UniqueFd());
    CHECK(far.has_gone());
    CHECK(far.read_line(line, 100, patience_end()) == Ending::closed);
    CHECK(far.write("x", patience_end()) == Ending::closed);
}
