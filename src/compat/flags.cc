#include "compat/flags.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::compat {
namespace {

struct Flag {
    std::string_view name;
    std::string_view type;  // of its value
    std::string_view help;
    bool Flags::*is_set = nullptr;  // one of these two is set
    std::string Flags::*value = nullptr;
};

constexpr std::array kFlags = {
    Flag{"debug", "", "log all", &Flags::debug, nullptr},
    Flag{"inotify", "", "read the crontab again when it changes", &Flags::inotify, nullptr},
    Flag{"json", "", "log JSON objects", &Flags::json, nullptr},
    Flag{"no-reap", "", "accepted, and without effect", &Flags::no_reap, nullptr},
    Flag{"overlapping", "", "start jobs whose last run still lives", &Flags::overlapping, nullptr},
    Flag{"passthrough-logs", "", "leave what jobs print as it is", &Flags::passthrough_logs,
         nullptr},
    Flag{"prometheus-listen-address", "HOST[:PORT]", "serve metrics here [port 9746]", nullptr,
         &Flags::listen_address},
    Flag{"quiet", "", "log warnings and errors only", &Flags::quiet, nullptr},
    Flag{"sentry-dsn", "DSN", "accepted, with a warning: nothing is sent", nullptr,
         &Flags::sentry_dsn},
    Flag{"sentry-environment", "NAME", "likewise", nullptr, &Flags::sentry_environment},
    Flag{"sentry-release", "NAME", "likewise", nullptr, &Flags::sentry_release},
    Flag{"sentryDsn", "DSN", "as -sentry-dsn", nullptr, &Flags::sentry_dsn},
    Flag{"split-logs", "", "log warnings and errors on stderr, all else on stdout",
         &Flags::split_logs, nullptr},
    Flag{"test", "", "read the crontab, say what is wrong, exit with 0 or 1", &Flags::test,
         nullptr},
    Flag{"version", "", "print the version and exit", &Flags::version, nullptr},
};

std::optional<bool> parse_bool(std::string_view word) {
    constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "true", "TRUE", "True"};
    constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "false", "FALSE", "False"};
    if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return true;
    if (std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) return false;
    return std::nullopt;
}

// flag = ( "-" | "--" ) name [ "=" value ]
struct Written {
    std::string_view name;
    std::optional<std::string_view> value;
};

Result<Written> read_flag(std::string_view argument) {
    std::string_view rest = argument.substr(argument.starts_with("--") ? 2 : 1);
    if (rest.empty() || rest.front() == '-' || rest.front() == '=') {
        return failure(ErrorCode::invalid, "bad flag syntax: " + printable(argument));
    }
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return Written{rest, std::nullopt};
    return Written{rest.substr(0, equals), rest.substr(equals + 1)};
}

// Takes a value that is an argument of its own from the front of `arguments`.
Result<void> set(Flags& flags, const Flag& flag, const Written& written,
                 std::span<const char* const>& arguments) {
    if (flag.is_set != nullptr) {
        const auto is_set = written.value ? parse_bool(*written.value) : true;
        if (!is_set) {
            return failure(ErrorCode::invalid,
                           fmt::format("invalid boolean value {} for -{}",
                                       cron::quoted(*written.value), flag.name));
        }
        flags.*flag.is_set = *is_set;
        return {};
    }
    if (written.value) {
        flags.*flag.value = *written.value;
        return {};
    }
    if (arguments.empty()) {
        return failure(ErrorCode::invalid, fmt::format("flag needs an argument: -{}", flag.name));
    }
    flags.*flag.value = arguments.front();
    arguments = arguments.subspan(1);
    return {};
}

}  // namespace

Result<Flags> parse_flags(std::span<const char* const> arguments) {
    Flags flags;
    while (!arguments.empty()) {
        const std::string_view argument = arguments.front();
        if (argument.size() < 2 || argument.front() != '-') break;
        arguments = arguments.subspan(1);
        if (argument == "--") break;
        const auto written = read_flag(argument);
        if (!written) return tl::unexpected(written.error());
        if (written->name == "h" || written->name == "help") {
            flags.help = true;
            return flags;
        }
        const auto* const flag = std::find_if(kFlags.begin(), kFlags.end(), [&](const Flag& known) {
            return known.name == written->name;
        });
        if (flag == kFlags.end()) {
            return failure(ErrorCode::not_found,
                           "flag provided but not defined: -" + printable(written->name));
        }
        if (auto done = set(flags, *flag, *written, arguments); !done) {
            return tl::unexpected(done.error());
        }
    }
    if (flags.version) return flags;
    if (arguments.size() != 1) {
        return failure(ErrorCode::invalid,
                       fmt::format("there are {} arguments after the flags, and one is needed, "
                                   "the crontab",
                                   arguments.size()));
    }
    flags.crontab = arguments.front();
    if (flags.crontab.empty()) return failure(ErrorCode::invalid, "the crontab has no name");
    return flags;
}

std::string usage(std::string_view program) {
    std::string text = fmt::format("Usage: {} [FLAG...] CRONTAB\n\n", program);
    for (const Flag& flag : kFlags) {
        const std::string name = fmt::format("-{} {}", flag.name, flag.type);
        text += fmt::format("  {:<40} {}\n", name, flag.help);
    }
    return text + "\ndocs/supercronic.md has all that differs from supercronic.\n";
}

}  // namespace cron::compat
