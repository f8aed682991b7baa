#include "base/path.h"

#include <catch2/catch.hpp>

namespace cron {

TEST_CASE("absolute_path: below the directory, without slashes at its end", "[base]") {
    const std::string cases[][3] = {
        {"/a/b", "/d", "/a/b"},
        {"/a/b//", "/d", "/a/b"},
        {"b", "/d", "/d/b"},
        {"b/", "/d", "/d/b"},
        {"b", "/", "/b"},
        {"/", "/d", "/"},
        {"//", "/d", "/"},
        {".", "/d", "/d/."},
        {"../b", "/d", "/d/../b"},
        {"./b", "/d", "/d/b"},
        {"/a//b/././c", "/d", "/a/b/c"},
    };
    for (const auto& [path, directory, absolute] : cases) {
        INFO(path << " in " << directory);
        CHECK(absolute_path("--x", path, directory).value() == absolute);
    }
    CHECK(absolute_path("--x", "", "/d").error().message == "--x is an empty path");
}

TEST_CASE("root_prefix: one folder is one prefix, however it is written", "[base]") {
    for (const char* root : {"R", "R/", "R//", "/d/R", "/d/R/"})
        CHECK(root_prefix(root, "/d").value() == "/d/R");
    for (const char* root : {"/", "//"}) CHECK(root_prefix(root, "/d").value().empty());
    CHECK(root_prefix("", "/d").error().message == "--root is an empty path");
}

}  // namespace cron
