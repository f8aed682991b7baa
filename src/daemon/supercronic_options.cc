#include "daemon/supercronic_options.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "compat/flags.h"

namespace cron::daemon {
namespace {

// To `options`, which say what stands before --compat and have the crontab as their table.
Result<void> apply(const compat::Flags& flags, Options& options) {
    if (options.tables.size() != 1) {
        return failure(ErrorCode::invalid, "a TABLE stands before --compat");
    }
    if (!options.run_lines.starts || !options.run_lines.ends) {
        return failure(ErrorCode::invalid, "--log-runs does not go with --compat: -quiet says it");
    }
    if (options.once || options.has_user_column) {
        return failure(ErrorCode::invalid, "--once and --system do not go with --compat");
    }
    if (options.log != LogFormat::text || options.output != OutputFormat::prefix) {
        return failure(ErrorCode::invalid,
                       "--log and --output do not go with --compat: -json, -split-logs and "
                       "-passthrough-logs say it");
    }
    options.supercronic = flags;
    options.test = options.test || flags.test;
    options.reloads_on_change = flags.inotify;
    options.log = flags.json ? LogFormat::logrus_json : LogFormat::logrus;
    if (flags.passthrough_logs) options.output = OutputFormat::raw;
    if (flags.debug) options.log_level = Level::debug;
    if (flags.quiet) options.log_level = Level::warning;
    return {};
}

// A flag that supercronic does not have may be an option of crond.
Error with_way_out(Error error, const Invocation& invocation) {
    if (error.code == ErrorCode::not_found && invocation.program != kSupercronic) {
        error.message += "; options of crond stand before --compat";
    }
    return error;
}

Options notice(std::string text) {
    Options options;
    options.notice = std::move(text);
    return options;
}

}  // namespace

Result<std::optional<SupercronicCall>> supercronic_call(std::span<const char* const> arguments,
                                                        const Invocation& invocation) {
    if (invocation.program == kSupercronic) return SupercronicCall{{}, arguments};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--") break;
        if (argument != "--compat" && !argument.starts_with("--compat=")) continue;
        const bool is_apart = argument == "--compat";
        if (is_apart && i + 1 == arguments.size()) {
            return failure(ErrorCode::invalid, "--compat is without a name");
        }
        const std::size_t end = is_apart ? i + 2 : i + 1;
        const std::string_view name =
            is_apart ? arguments[i + 1] : argument.substr(argument.find('=') + 1);
        if (name != kSupercronic) {
            return failure(ErrorCode::invalid,
                           fmt::format("--compat '{}' is not supercronic", printable(name)));
        }
        return SupercronicCall{arguments.first(i), arguments.subspan(end)};
    }
    return std::nullopt;
}

Result<Options> parse_as_supercronic(const SupercronicCall& call, std::string_view directory,
                                     const Invocation& invocation) {
    const auto flags = compat::parse_flags(call.theirs);
    if (!flags) return tl::unexpected(with_way_out(flags.error(), invocation));
    if (flags->help) return notice(compat::usage(invocation.program));
    if (flags->version) return notice("crond (belfry) " BELFRY_VERSION ", as supercronic\n");
    std::vector<const char*> words(call.own.begin(), call.own.end());
    // No "--" before it: an option without its value would take that.
    const std::string table = (flags->crontab.starts_with('-') ? "./" : "") + flags->crontab;
    words.push_back(table.c_str());
    Invocation own = invocation;
    own.program = Invocation{}.program;
    auto options = parse_options(words, directory, own);
    if (!options || options->notice) return options;
    if (const auto applied = apply(*flags, *options); !applied) {
        return tl::unexpected(applied.error());
    }
    return options;
}

}  // namespace cron::daemon
