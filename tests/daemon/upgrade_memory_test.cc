#include "daemon/upgrade_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include <catch2/catch.hpp>

namespace cron::daemon {

TEST_CASE("handover: a memory file is read as it was written, and cannot be changed", "[upgrade]") {
    Handover handover;
    handover.version = "1";
    handover.pid = 5;
    for (int i = 0; i < 5'000; ++i) {
        handover.runs.push_back({100 + i, 1, 10 + i, -1, -1, std::nullopt, std::nullopt});
    }
    const auto memory = write_handover(handover);
    REQUIRE(memory);
    CHECK(::write(memory->get(), "x", 1) < 0);
    CHECK(::ftruncate(memory->get(), 0) != 0);
    const auto read = read_handover(memory->get());
    REQUIRE(read);
    CHECK(print(*read) == print(handover));
}

TEST_CASE("handover: what nobody has sealed is not read", "[upgrade]") {
    const UniqueFd open(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const int fd : {open.get(), null.get(), 1'000'000}) {
        const auto read = read_handover(fd);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid);
    }
}

TEST_CASE("handover: the variable is for this process alone, and is read once", "[upgrade]") {
    const std::string ours = handover_variable(7);
    const std::string name = ours.substr(0, ours.find('='));
    const std::string pid = std::to_string(::getpid());
    const std::pair<std::string, int> cases[] = {{pid + ":7", 7},   {"1:7", -1},
                                                 {pid + ":2", -1},  {pid + ":-7", -1},
                                                 {pid + ":", -1},   {pid, -1},
                                                 {"", -1},          {"x:7", -1},
                                                 {pid + ":7x", -1}, {pid + ":99999999999", -1}};
    CHECK(ours == name + "=" + pid + ":7");
    for (const auto& [value, fd] : cases) {
        CAPTURE(value);
        REQUIRE(::setenv(name.c_str(), value.c_str(), 1) == 0);
        CHECK(take_handover_variable() == fd);
        CHECK(::getenv(name.c_str()) == nullptr);
    }
    CHECK(take_handover_variable() == -1);
}

}  // namespace cron::daemon
