#include "spool/machine_id.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::spool {

TEST_CASE("machine id: it is the file's first word", "[spool]") {
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() + "/id") << "0123456789abcdef0123456789abcdef\nmore\n";
    CHECK(read_machine_id(folder.path() + "/id") == "0123456789abcdef0123456789abcdef");
}

TEST_CASE("machine id: without a machine id the host's name stands for it", "[spool]") {
    const test::TemporaryFolder folder;
    std::array<char, HOST_NAME_MAX + 1> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    CHECK(read_machine_id(folder.path() + "/none") == name.data());
    std::ofstream(folder.path() + "/empty") << "\n";
    CHECK(read_machine_id(folder.path() + "/empty") == name.data());
    // One that would hang a reader.
    REQUIRE(::mkfifo((folder.path() + "/fifo").c_str(), 0600) == 0);
    CHECK(read_machine_id(folder.path() + "/fifo") == name.data());
}

TEST_CASE("machine id: reading an id is bounded", "[spool]") {
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() + "/id") << std::string(100'000, 'a');
    CHECK(read_machine_id(folder.path() + "/id").size() == 128);
}

}  // namespace cron::spool
