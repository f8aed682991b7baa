#include "base/arguments.h"

#include <cstddef>

#include <fmt/format.h>

#include "base/text.h"

namespace cron {
namespace {

using TakesValue = std::function<bool(std::string_view option)>;

// Of -pn 5: n takes it; of -pn5 and -np it has its value already.
bool wants_next(std::string_view letters, const TakesValue& takes_value) {
    for (std::size_t i = 0; i < letters.size(); ++i) {
        if (takes_value(fmt::format("-{}", letters[i]))) return i + 1 == letters.size();
    }
    return false;
}

bool wants_next_argument(std::string_view option, const TakesValue& takes_value) {
    if (!option.starts_with("--")) return wants_next(option.substr(1), takes_value);
    return option.find('=') == std::string_view::npos && takes_value(option);
}

}  // namespace

Result<Arguments> part_arguments(std::span<const char* const> arguments,
                                 const TakesValue& takes_value) {
    Arguments parted;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--") {
            for (++i; i < arguments.size(); ++i) parted.positionals.emplace_back(arguments[i]);
            break;
        }
        if (argument.size() < 2 || argument.front() != '-') {
            parted.positionals.emplace_back(argument);
            continue;
        }
        if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
            return failure(ErrorCode::invalid,
                           fmt::format("{} is without a value", printable(argument)));
        }
        parted.options.emplace_back(argument);
        if (wants_next_argument(argument, takes_value) && i + 1 < arguments.size()) {
            parted.options.emplace_back(arguments[++i]);
        }
    }
    return parted;
}

}  // namespace cron
