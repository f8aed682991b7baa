#include "base/arguments.h"

#include <catch2/catch.hpp>

namespace cron {
namespace {

using Words = std::vector<std::string>;

Result<Arguments> part(const std::vector<const char*>& arguments) {
    return part_arguments(arguments, [](std::string_view option) {
        return option == "--root" || option == "-n" || option == "--from";
    });
}

}  // namespace

TEST_CASE("arguments: an option takes its value along, and all else is positional", "[base]") {
    struct Case {
        std::vector<const char*> arguments;
        Words options;
        Words positionals;
    };
    const Case cases[] = {
        {{}, {}, {}},
        {{"a", "--root", "r", "b"}, {"--root", "r"}, {"a", "b"}},
        {{"--root=r", "b"}, {"--root=r"}, {"b"}},
        {{"--root=r=", "b"}, {"--root=r="}, {"b"}},
        {{"--json", "b"}, {"--json"}, {"b"}},
        {{"-n", "5", "b"}, {"-n", "5"}, {"b"}},
        {{"-n5", "b"}, {"-n5"}, {"b"}},
        {{"-pn", "5", "b"}, {"-pn", "5"}, {"b"}},
        {{"-np", "b"}, {"-np"}, {"b"}},
        {{"-p", "b"}, {"-p"}, {"b"}},
        {{"--root", "", "b"}, {"--root", ""}, {"b"}},
        {{"--root", "--from=", "b"}, {"--root", "--from="}, {"b"}},
        {{"--root", "--", "b"}, {"--root", "--"}, {"b"}},
        {{"--root"}, {"--root"}, {}},
        {{"[x]", "[x,y]", "", "-"}, {}, {"[x]", "[x,y]", "", "-"}},
        {{"a", "--", "--root=", "--", "-n"}, {}, {"a", "--root=", "--", "-n"}},
    };
    for (const Case& c : cases) {
        const auto parted = part(c.arguments);
        REQUIRE(parted);
        CHECK(parted->options == c.options);
        CHECK(parted->positionals == c.positionals);
    }
}

TEST_CASE("arguments: an option that ends at its = does not take the next argument", "[base]") {
    for (const char* option : {"--root=", "--json=", "--bogus="}) {
        const auto parted = part({"a", option, "b"});
        REQUIRE_FALSE(parted);
        CHECK(parted.error().message == std::string(option) + " is without a value");
    }
    CHECK(part({"--\x1b="}).error().message == "--\\x1b= is without a value");
}

}  // namespace cron
