#include "daemon/boot.h"

#include <sched.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {

TEST_CASE("boot: the boot id does not change while the machine runs", "[daemon]") {
    const Result<std::string> id = read_boot_id();
    REQUIRE(id);
    CHECK(id->size() == 36);
    CHECK(*read_boot_id() == *id);
    CHECK_FALSE(read_boot_id("/nonexistent"));
}

TEST_CASE("boot: the pid namespace has one name, and in another there is another", "[daemon]") {
    CHECK(pid_namespace() != 0);
    CHECK(pid_namespace() == pid_namespace());
    if (::geteuid() != 0) return;
    const ChildResult inside = in_child([] {
        if (::unshare(CLONE_NEWPID) != 0) return 1;
        const pid_t first = ::fork();  // it is the first of the new one
        if (first == 0) {
            report(std::to_string(pid_namespace()));
            ::_exit(0);
        }
        int status = -1;
        ::waitpid(first, &status, 0);
        return status;
    });
    REQUIRE(inside.status == 0);
    CHECK(inside.report != std::to_string(pid_namespace()));
}

TEST_CASE("boot: @reboot entries are due once, and the mark has mode 0", "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.reboot";
    CHECK(*claim_reboot(path, "this boot"));
    CHECK_FALSE(*claim_reboot(path, "this boot"));
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    CHECK((file.st_mode & 07777) == 0);
}

TEST_CASE("boot: a mark of another boot does not count, and Debian's, which names none, does",
          "[daemon]") {
    const TemporaryFolder folder;
    const std::string path = folder / "crond.reboot";
    CHECK(*claim_reboot(path, "the last boot"));
    CHECK(*claim_reboot(path, "this boot"));
    CHECK_FALSE(*claim_reboot(path, "this boot"));
    const std::string debian = folder / "debian.reboot";
    std::ofstream(debian).flush();
    CHECK_FALSE(*claim_reboot(debian, "this boot"));
}

TEST_CASE("boot: a link in the mark's place is not followed and counts as the mark", "[daemon]") {
    const TemporaryFolder folder;
    std::filesystem::create_symlink(folder / "elsewhere", folder / "crond.reboot");
    CHECK_FALSE(*claim_reboot(folder / "crond.reboot", "this boot"));
    CHECK_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_CASE("boot: a mark that cannot be made is an error that names it", "[daemon]") {
    const TemporaryFolder folder;
    const Result<bool> claim = claim_reboot(folder / "none/crond.reboot", "this boot");
    REQUIRE_FALSE(claim);
    CHECK(claim.error().code == ErrorCode::not_found);
    CHECK(claim.error().message.find("crond.reboot") != std::string::npos);
}

}  // namespace cron::daemon
