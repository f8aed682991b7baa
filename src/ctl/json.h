// The JSON of cronctl (docs/cronctl-json.md). Text that is not UTF-8 is base64 under KEY_b64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/subject.h"
#include "ctl/tables.h"
#include "preview/clocks.h"
#include "preview/load_chart.h"
#include "schedule/advice.h"
#include "schedule/clock_change.h"

namespace cron::ctl {

inline constexpr int kJsonVersion = 1;

// The job of an entry, as an object.
std::string json_of(const crontab::Entry& entry, const std::string& file);

// A piece of an object: "passage":"moved","skipped":{...}.
std::string json_members(const preview::ClockNote& note);

// What `next` and `--chart` say of themselves. The instants are as InstantWriter has them, empty
// where there is none.
struct JsonHead {
    std::string_view command;
    std::string zone;
    std::string from;
    std::string until;
};

// The object of `next` up to its array "due", whose elements and "]}" follow.
std::string json_head_of_next(const JsonHead& head, bool previous, const Expression* expression,
                              const TableFiles* files);

std::string json_of_chart(const JsonHead& head, const preview::LoadChart& chart,
                          std::uint64_t not_started, const calendar::Zone& zone);

std::string json_of_check(const TableFiles& files);

struct Explanation {
    Expression expression;
    std::string words;
    struct Due {
        Instant at{};
        preview::ClockNote note;
    };
    std::vector<Due> next;
    std::vector<schedule::ClockChange> changes;
    std::vector<schedule::Advice> advice;
};
std::string json_of_explain(const JsonHead& head, const std::vector<Explanation>& explanations,
                            const calendar::Zone& zone);

}  // namespace cron::ctl
