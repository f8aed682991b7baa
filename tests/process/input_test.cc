#include "process/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

namespace cron::process {
namespace {

TEST_CASE("input: is read from its start and ends where the text ends", "[input]") {
    const std::string text =
        GENERATE(std::string(), std::string("a\nb\n"), std::string(300'000, 'x'));
    const auto fd = make_input(text);
    REQUIRE(fd);
    std::string read_back(text.size() + 1, '\0');
    const ssize_t bytes = ::read(fd->get(), read_back.data(), read_back.size());
    REQUIRE(bytes >= 0);
    CHECK(read_back.substr(0, static_cast<std::size_t>(bytes)) == text);
    CHECK((fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("input: nobody can change it", "[input]") {
    const auto fd = make_input("text\n");
    REQUIRE(fd);
    CHECK(::write(fd->get(), "x", 1) < 0);
    CHECK(ftruncate(fd->get(), 0) < 0);
    CHECK(fcntl(fd->get(), F_ADD_SEALS, 0) < 0);
}

}  // namespace
}  // namespace cron::process
