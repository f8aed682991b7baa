#include "compat/address.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace cron;
using namespace cron::compat;

TEST_CASE("address: a host, a port, or both", "[compat]") {
    struct Case {
        const char* text;
        const char* host;
        const char* port;
    };
    for (const Case& test : std::vector<Case>{{"0.0.0.0", "0.0.0.0", "9746"},
                                              {"127.0.0.1:80", "127.0.0.1", "80"},
                                              {":8080", "", "8080"},
                                              {"localhost", "localhost", "9746"},
                                              {"::1", "::1", "9746"},
                                              {"[::1]", "::1", "9746"},
                                              {"[::]:1", "::", "1"}}) {
        INFO(test.text);
        const auto address = parse_address(test.text);
        REQUIRE(address);
        CHECK(address->host == test.host);
        CHECK(address->port == test.port);
    }
}

TEST_CASE("address: what is none is said", "[compat]") {
    for (const char* text : {"a:", "a:65536", "a:http", "[::1", "[::1]9"}) {
        INFO(text);
        const auto address = parse_address(text);
        REQUIRE_FALSE(address);
        CHECK(address.error().message.find(text) != std::string::npos);
    }
}
