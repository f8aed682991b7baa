// What the arguments of a command are: a schedule, or files.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "ctl/options.h"
#include "schedule/schedule.h"

namespace cron::ctl {

struct Expression {
    std::string text;
    schedule::Form form = schedule::Form::five_fields;
    schedule::Schedule schedule;
    // The text leaves a choice to each job (`H`, `a~b`); `schedule` has that of the text itself.
    bool is_choice = false;
};

// What is wrong, as it is to be printed.
struct Mistake {
    std::string printed;
};

tl::expected<Expression, Mistake> read_expression(std::string_view text, schedule::Form form,
                                                  bool has_colours);

// None: the arguments are files. `exists` tells whether there is a file of this name. A schedule
// whose words were not quoted is one where nothing else can be meant.
tl::expected<std::optional<Expression>, Mistake> read_subject(
    const Options& options, const std::function<bool(const std::string&)>& exists,
    bool has_colours);

// The schedules that the arguments are: each of them, or all together one that was not quoted.
std::vector<std::string> schedule_texts(const std::vector<std::string>& words, schedule::Form form);

}  // namespace cron::ctl
