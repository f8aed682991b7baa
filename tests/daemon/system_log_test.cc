// The machine's log, with real sockets in a folder of the test.
#include "daemon/system_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "daemon/log.h"
#include "support.h"

namespace cron::daemon {
namespace {

UniqueFd listen_at(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

struct Datagram {
    std::string bytes;
    UniqueFd file;
};

// None when nothing waits.
std::optional<Datagram> receive(const UniqueFd& socket) {
    std::array<char, 4096> bytes{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{bytes.data(), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    if (count < 0) return std::nullopt;
    Datagram datagram{{bytes.data(), static_cast<std::size_t>(count)}, {}};
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
        datagram.file.reset(fd);
    }
    return datagram;
}

std::string bytes_of(const UniqueFd& socket) {
    const auto datagram = receive(socket);
    return datagram ? datagram->bytes : "nothing";
}

LogOptions to(const TemporaryFolder& folder) {
    LogOptions options;
    options.format = LogFormat::syslog;
    options.pid = 70;
    options.journal_path = folder / "journal";
    options.syslog_path = folder / "syslog";
    return options;
}

Record record(std::string text = "x") {
    return {Level::info, "event", {{"text", std::move(text)}}, {}, 0};
}

}  // namespace

TEST_CASE("system log: with a journal its fields go there, and nothing to syslog", "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd journal = listen_at(folder / "journal");
    const UniqueFd syslog = listen_at(folder / "syslog");
    Log log(to(folder));
    log.write(record(), Instant{});
    CHECK(bytes_of(journal) ==
          "MESSAGE=(CRON) INFO (event text=x)\nPRIORITY=6\nSYSLOG_FACILITY=9\n"
          "SYSLOG_IDENTIFIER=cron\nSYSLOG_PID=70\nCRON_EVENT=event\nCRON_TEXT=x\n");
    CHECK(bytes_of(syslog) == "nothing");
}

TEST_CASE("system log: another flavour has other idents at once", "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd syslog = listen_at(folder / "syslog");
    Log log(to(folder));
    log.set_flavour(crontab::Flavour::cronie);
    log.write(record(), Instant{});
    CHECK(bytes_of(syslog) == "<78>Jan  1 00:00:00 crond[70]: (CRON) INFO (event text=x)");
}

TEST_CASE("system log: without a journal all goes to syslog, and to the journal once it is there",
          "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd syslog = listen_at(folder / "syslog");
    Log log(to(folder));
    log.write(record(), Instant{});
    CHECK(bytes_of(syslog) == "<78>Jan  1 00:00:00 cron[70]: (CRON) INFO (event text=x)");
    UniqueFd journal = listen_at(folder / "journal");
    log.write(record(), Instant{});
    CHECK(bytes_of(journal).ends_with("CRON_TEXT=x\n"));
    // Gone again, and back under the same name.
    journal.reset();
    log.write(record("gone"), Instant{});
    CHECK(bytes_of(syslog).ends_with("text=gone)"));
    REQUIRE(::unlink((folder / "journal").c_str()) == 0);
    journal = listen_at(folder / "journal");
    log.write(record("back"), Instant{});
    CHECK(bytes_of(journal).ends_with("CRON_TEXT=back\n"));
    CHECK(log.dropped() == 0);
}

TEST_CASE("system log: what is too large for a datagram goes as a sealed file", "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd journal = listen_at(folder / "journal");
    Log log(to(folder));
    const std::string text(300'000, 'x');
    log.write(record(text), Instant{});
    const auto datagram = receive(journal);
    REQUIRE(datagram);
    CHECK(datagram->bytes.empty());
    REQUIRE(datagram->file);
    const int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    CHECK(::fcntl(datagram->file.get(), F_GET_SEALS) == kSeals);
    struct stat status {};
    REQUIRE(::fstat(datagram->file.get(), &status) == 0);
    std::string entry(static_cast<std::size_t>(status.st_size), ' ');
    REQUIRE(::pread(datagram->file.get(), entry.data(), entry.size(), 0) == status.st_size);
    CHECK(entry.starts_with("MESSAGE="));
    CHECK(entry.ends_with("\nCRON_TEXT=" + text + "\n"));
}

TEST_CASE("system log: a journal that takes nothing for now is waited for, never by blocking",
          "[daemon]") {
    const TemporaryFolder folder;
    const UniqueFd journal = listen_at(folder / "journal");
    const UniqueFd syslog = listen_at(folder / "syslog");
    Log log(to(folder));
    constexpr int kRecords = 1'000;  // more than a socket holds
    for (int i = 0; i < kRecords; ++i) log.write(record(std::to_string(i)), Instant{});
    int received = 0;
    for (bool is_more = true; is_more;) {
        is_more = false;
        while (const auto datagram = receive(journal)) {
            REQUIRE(datagram->bytes.ends_with("CRON_TEXT=" + std::to_string(received) + "\n"));
            ++received;
            is_more = true;
        }
        log.finish(std::chrono::milliseconds{0});
    }
    CHECK(received == kRecords);
    CHECK(bytes_of(syslog) == "nothing");
    CHECK(log.dropped() == 0);
}

}  // namespace cron::daemon
