// What a simulation plays: all that its seed makes of it, or less. As one line of text:
//   seed=17 length=86400s faults=3,9 asks=4 jobs=2,9.1 defaults=2:CRON_RETRY+CRON_TZ
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "calendar/instant.h"

namespace cron::sim {

// A line of the tables, and so its job: "7", the 7th from the start; "9.1", the first that the
// fault 9 added.
struct LineNumber {
    std::uint64_t fault = 0;  // 0: there from the start
    std::uint64_t index = 0;  // from 1

    friend auto operator<=>(const LineNumber&, const LineNumber&) = default;
};
std::string print(const LineNumber& number);

inline constexpr seconds kLengthMax = hours{24} * 3'650;

// Faults are counted from 1 in the order of their times, and an ask, at which somebody asks for
// runs, has the number of the fault that it is near. What is left out changes nothing of what
// chance makes of the rest.
struct Script {
    std::uint64_t seed = 0;
    std::optional<seconds> length{};                  // with faults; none: as the seed has it
    std::optional<std::set<std::uint64_t>> faults{};  // those that happen; none: all
    std::optional<std::set<std::uint64_t>> asks{};    // the same of them
    std::optional<std::set<LineNumber>> jobs{};       // those that are there; none: all
    // Settings of jobs that are as if no table had set them, by the names in job_settings.h.
    std::map<LineNumber, std::set<std::string>> defaults{};

    bool has_fault(std::uint64_t number) const { return !faults || faults->contains(number); }
    bool has_ask(std::uint64_t number) const { return !asks || asks->contains(number); }
    bool has_job(const LineNumber& number) const { return !jobs || jobs->contains(number); }

    friend bool operator==(const Script&, const Script&) = default;
};

std::string print(const Script& script);
// Of what print() gave; keys in any order, each at most once.
Result<Script> parse_script(std::string_view text);

}  // namespace cron::sim
