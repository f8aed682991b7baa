#include "daemon/upgrade_format.h"

#include <catch2/catch.hpp>

namespace cron::daemon {
namespace {

Handover full() {
    Handover handover;
    handover.version = "1.2.3";
    handover.pid = 41;
    handover.process_start = 99;
    handover.descriptors_soft = 1024;
    handover.descriptors_hard = 18446744073709551615U;
    handover.directory = "/a b\n\xff";
    handover.descriptors = {{"pidfile", 3}, {"spool-lock", 4}, {"control-socket", 5}};
    const HandedOutput all{8, {"00ff-12", 10, 20}};
    const HandedOutput errors{9, {"00ff-12-errors", 0, 0}};
    handover.runs.push_back(
        {100, 7, 6, 7, 15, Monotonic{microseconds{5}}, HandedOutputs{all, errors}});
    handover.runs.push_back(
        {101, 7, 10, -1, -1, std::nullopt, HandedOutputs{{11, {"", 0, 0}}, {}}});
    handover.runs.push_back({102, 7, 12, -1, -1, std::nullopt, std::nullopt});
    const JobId job = JobId::of_bytes(std::string("root\0t\0line", 11));
    handover.retries.push_back({{job, Instant{microseconds{-7}}, 2}, HandedOutputs{{13, {}}, {}}});
    handover.remnants.push_back({103, 14, Monotonic{microseconds{77}}});
    handover.groups.push_back({"/sys/fs/cgroup/x y", Monotonic{microseconds{78}}});
    return handover;
}

std::string changed(const std::string& from, const std::string& to) {
    std::string text = print(full());
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("handover: what is printed is read again, all of it", "[upgrade]") {
    const auto read = parse_handover(print(full()));
    REQUIRE(read);
    CHECK(print(*read) == print(full()));
    CHECK(read->directory == full().directory);
    CHECK(read->descriptors_hard == full().descriptors_hard);
    CHECK(read->retries[0].key == full().retries[0].key);
    CHECK(read->runs[0].output->errors->state.name == "00ff-12-errors");
    CHECK_FALSE(read->runs[2].output);
    CHECK(read->numbers() == std::vector<int>{5, 3, 4, 6, 7, 15, 8, 9, 10, 11, 12, 13, 14});
}

TEST_CASE("handover: of a newer format what every daemon reads is read, and the rest is left out",
          "[upgrade]") {
    const auto read =
        parse_handover(changed("crond-upgrade 1\n", "crond-upgrade 2\nnews of tomorrow\n"));
    REQUIRE(read);
    CHECK_FALSE(read->is_known());
    CHECK(read->descriptors == full().descriptors);
    CHECK(read->descriptors_soft == 1024);
    CHECK(read->runs.empty());
    CHECK(read->numbers() == std::vector<int>{5, 3, 4});
}

TEST_CASE("handover: what is damaged is refused", "[upgrade]") {
    const std::pair<const char*, const char*> cases[] = {
        {"crond-upgrade 1", "crond-upgrade 0"},
        {"crond-upgrade 1", "crond-upgrade"},
        {"crond-upgrade 1", "another 1"},
        {"process 41 99", "process 0 99"},
        {"process 41 99\n", ""},
        {"descriptor pidfile 3", "descriptor pidfile 2"},         // stderr
        {"descriptor pidfile 3", "descriptor pidfile 4"},         // is there twice
        {"descriptor pidfile 3", "descriptor control-socket 3"},  // so is its name
        {"descriptor pidfile 3", "descriptor pidfile 3x"},
        {"run 100 7 6 7 15 5", "run 1 7 6 7 15 5"},  // it would be signalled
        {"run 100 7 6 7 15 5", "run 100 7 6 7 15"},
        {"run 100 7 6 7 15 5", "runs 100 7 6 7 15 5"},
        {"8 00ff-12 10 20", "8 ../etc 10 20"},
        {"8 00ff-12 10 20", "8 a/b 10 20"},
        {"8 00ff-12 10 20", "8 00ff-12 10"},
        {"directory 2f", "directory 2"},
        {"directory 2f", "directory zz"},
        {"remnant 103 14 77", "remnant 103 14 -"},
        {"remnant 103 14 77", "remnant 103 14 99999999999999999999"},
    };
    for (const auto& [from, to] : cases) {
        CAPTURE(from, to);
        const auto read = parse_handover(changed(from, to));
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::damaged);
    }
    const std::string text = print(full());
    CHECK_FALSE(parse_handover(""));
    CHECK_FALSE(parse_handover(text.substr(0, text.size() - 1)));
}

}  // namespace cron::daemon
