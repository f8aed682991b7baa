#include "daemon/container_options.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"

namespace cron::daemon {
namespace {

// As images have them, dots and all.
bool is_variable_name(std::string_view name) {
    const auto is_part = [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; };
    return !name.empty() && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), is_part);
}

// environment = "all" | "none" | NAME { "," NAME }
Result<Options::PassedEnvironment> parse_environment(std::string_view text) {
    Options::PassedEnvironment passed;
    if (text == "none") return passed;
    if (text == "all") {
        passed.all = true;
        return passed;
    }
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view name = text.substr(0, comma);
        is_last = comma == text.size();
        if (name == "all" || name == "none") {
            return failure(ErrorCode::invalid,
                           fmt::format("--env '{0}' stands alone, without other names: to have "
                                       "more than a few, use --env all",
                                       name));
        }
        if (!is_variable_name(name)) {
            return failure(ErrorCode::invalid,
                           fmt::format("--env '{}' is neither all nor none nor the name of a "
                                       "variable; more names are parted by commas",
                                       printable(name)));
        }
        passed.names.emplace_back(name);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return passed;
}

// The first that was written; empty: none.
std::string_view first_of(const ContainerWords& words) {
    if (words.system) return "--system";
    if (words.state) return "--state";
    if (words.once) return "--once";
    if (words.environment) return "--env";
    if (words.watch) return "--watch";
    if (words.no_watch) return "--no-watch";
    return "";
}

}  // namespace

Result<void> apply(const ContainerWords& words, std::string_view directory, Options& options) {
    const std::string_view first = first_of(words);
    if (options.tables.empty() && !first.empty()) {
        return failure(ErrorCode::invalid, fmt::format("{} needs a TABLE as argument", first));
    }
    options.has_user_column = words.system;
    if (words.watch && words.no_watch) {
        return failure(ErrorCode::invalid, "--watch and --no-watch exclude each other");
    }
    options.reloads_on_change = !words.no_watch;
    if (words.once && words.once->empty()) {
        return failure(ErrorCode::invalid, "--once is without the name of a job");
    }
    options.once = words.once;
    options.passed_environment.all = !options.tables.empty();
    if (words.environment) {
        auto passed = parse_environment(*words.environment);
        if (!passed) return tl::unexpected(passed.error());
        options.passed_environment = *std::move(passed);
    }
    if (!words.state) return {};
    auto state = absolute_path("--state", *words.state, directory);
    if (!state) return tl::unexpected(state.error());
    options.state = *std::move(state);
    return {};
}

}  // namespace cron::daemon
