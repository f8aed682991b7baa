#include "spool/users.h"

#include <catch2/catch.hpp>

namespace cron::spool {
namespace {

TEST_CASE("resolve: a user once known stays so while the directory does not answer", "[spool]") {
    UserAnswer answer{UserAnswer::Kind::unsure, 0};
    Users users([&](const std::string&) { return answer; });
    CHECK(users.resolve("alice").kind == UserAnswer::Kind::unsure);
    answer = {UserAnswer::Kind::known, 7};
    CHECK(users.resolve("alice").uid == 7);
    answer = {UserAnswer::Kind::unsure, 0};
    CHECK(users.resolve("alice").kind == UserAnswer::Kind::known);
    CHECK(users.resolve("alice").uid == 7);
    answer = {UserAnswer::Kind::unknown, 0};
    CHECK(users.resolve("alice").kind == UserAnswer::Kind::unknown);
    answer = {UserAnswer::Kind::unsure, 0};
    CHECK(users.resolve("alice").kind == UserAnswer::Kind::unsure);
}

TEST_CASE("leave_out_unresolved: each user is looked up once, each line is told", "[spool]") {
    const std::string text = "1 1 * * * a x\n\n2 2 * * * b y\n3 3 * * * a z\n4 4 * * * c w";
    crontab::Options options;
    options.kind = crontab::Kind::system;
    crontab::Table table = crontab::parse(text, options);
    REQUIRE(table.entries.size() == 4);
    int lookups = 0;
    Users users([&](const std::string& name) {
        ++lookups;
        return UserAnswer{name == "b"   ? UserAnswer::Kind::known
                          : name == "c" ? UserAnswer::Kind::unsure
                                        : UserAnswer::Kind::unknown,
                          1};
    });
    const std::size_t before = table.diagnostics.size();
    CHECK(leave_out_unresolved(table, text, users) == std::vector<std::string>{"a", "c"});
    CHECK(lookups == 3);
    REQUIRE(table.entries.size() == 1);
    CHECK(table.entries[0]->command == "y");
    std::vector<crontab::Diagnostic> told;
    for (const auto& diagnostic : table.diagnostics) {
        if (diagnostic.name == "unknown-user") told.push_back(diagnostic);
    }
    CHECK(table.diagnostics.size() == before + 3);
    REQUIRE(told.size() == 3);
    CHECK(told[0].line == 1);
    CHECK(told[0].source == "1 1 * * * a x");
    CHECK(told[0].begin == 10);
    CHECK(told[0].end == 11);
    CHECK(told[1].line == 4);
    CHECK(told[1].message == "there is no user 'a'");
    CHECK(told[2].line == 5);
    CHECK(told[2].severity == crontab::Severity::warning);
}

}  // namespace
}  // namespace cron::spool
