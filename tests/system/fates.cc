#include "fates.h"

#include <ctime>
#include <map>
#include <sstream>

#include <catch2/catch.hpp>

namespace cron::system_test {
namespace {

// The instant of a key in a line of JSON, "2026-11-21T16:45:01Z", in seconds.
std::time_t second_of(const std::string& line, const std::string& key) {
    const std::string begin = "\"" + key + "\":\"";
    const std::size_t at = line.find(begin);
    REQUIRE(at != std::string::npos);
    std::tm time{};
    REQUIRE(::strptime(line.c_str() + at + begin.size(), "%Y-%m-%dT%H:%M:%SZ", &time) != nullptr);
    return ::timegm(&time);
}

}  // namespace

void check_every_second(const std::string& log, const std::string& job) {
    std::map<std::time_t, int> fates;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const auto has = [&](const std::string& key, const std::string& text) {
            return line.find("\"" + key + "\":\"" + text + "\"") != std::string::npos;
        };
        if (!has("job", job)) continue;
        if (has("event", "run-started") || has("event", "run-merged")) {
            ++fates[second_of(line, "due")];
        } else if (has("event", "due-merged")) {
            const std::time_t last = second_of(line, "last");
            for (std::time_t at = second_of(line, "first"); at <= last; ++at) ++fates[at];
        }
    }
    CAPTURE(job);
    REQUIRE_FALSE(fates.empty());
    for (std::time_t at = fates.begin()->first; at <= fates.rbegin()->first; ++at) {
        CAPTURE(at);
        CHECK(fates[at] == 1);
    }
}

}  // namespace cron::system_test
