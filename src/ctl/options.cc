#include "ctl/options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/arguments.h"
#include "base/path.h"
#include "base/text.h"
#include "schedule/duration.h"

namespace cron::ctl {
namespace {

struct CommandName {
    std::string_view name;
    Command command;
    const char* summary;
    const char* description;
};

constexpr std::array<CommandName, 4> kCommands = {{
    {"next", Command::next, "When schedules and the jobs of tables are due",
     "Prints when SCHEDULE is due, or the jobs of the tables FILE, one due time a line.\n"
     "With --system and no FILE: all tables of this machine."},
    {"explain", Command::explain, "What a schedule means, in words",
     "Says what each SCHEDULE means, when it is due next, what changes of the clock do to it,\n"
     "and what in it is probably not meant."},
    {"check", Command::check, "What is wrong or doubtful in tables",
     "Prints what is wrong or doubtful in the tables FILE ('-' is stdin).\n"
     "With --system and no FILE: in all tables of this machine.\n"
     "Exits with 0 where there is nothing, 1 where there are warnings, 2 where there are errors."},
    {"simulate", Command::simulate, "What crond would start over a span of time",
     "Prints every start of the jobs of the tables FILE between two instants, and what was not\n"
     "started and why, as decided by the engine of crond.\n"
     "With --system and no FILE: of all tables of this machine."},
}};

constexpr const char* kOverview =
    "usage: cronctl COMMAND [OPTION]... [ARGUMENT]...\n"
    "\n"
    "Shows what schedules and crontabs will do, before crond does it.\n"
    "\n"
    "commands:\n"
    "{}"
    "\n"
    "options:\n"
    "  -h, --help     Print this and exit\n"
    "  -V, --version  Print the version and exit\n"
    "\n"
    "cronctl COMMAND --help has the options of each; cronctl(1) has the whole of it.\n";

const CommandName* find_command(std::string_view name) {
    const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                    [&](const CommandName& one) { return one.name == name; });
    return found == kCommands.end() ? nullptr : &*found;
}

std::string overview() {
    std::string lines;
    for (const CommandName& one : kCommands)
        lines += fmt::format("  {:<10} {}\n", one.name, one.summary);
    return fmt::format(kOverview, lines);
}

std::string command_names() {
    std::string names;
    for (const CommandName& one : kCommands)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", one.name);
    return names;
}

// What is read as text first.
struct Written {
    Options options;
    std::optional<std::string> count, run_time, root;
};

void declare(CLI::App& app, Command command, Written& written) {
    Options& options = written.options;
    app.set_help_flag("-h,--help", "Print this and exit");
    const auto add = [&](const char* name, const char* type, auto& value, const char* help) {
        return app.add_option(name, value, help)->type_name(type);
    };
    const bool has_tables = command != Command::explain;
    const bool has_schedules = command == Command::next || command == Command::explain;
    if (command == Command::next) {
        add("-n,--count", "N", written.count, "At most so many [10; with --until all]");
        app.add_flag("-p,--previous", options.previous, "Look back: before --from, latest first");
        app.add_flag("--marks", options.marks,
                     "Mark what a change of the clock moved or repeats, as on a terminal");
    }
    if (command == Command::simulate) {
        add("--from", "T", options.from, "From this instant on: the machine starts")->required();
        add("--until", "T", options.until, "Up to this instant, not at it")->required();
        add("--run-time", "D", written.run_time, "How long each run takes [0s]");
        app.add_flag("--chart", options.chart, "Draw the load by hour of the week instead");
    } else {
        add("--from", "T", options.from, "After this instant, not at it [now]");
    }
    if (command == Command::next)
        add("--until", "T", options.until, "Up to this instant, not at it");
    add("--zone", "ZONE", options.zone, "The zone where a table names none [that of this machine]");
    if (has_schedules) app.add_flag("--seconds", options.seconds, "SCHEDULE has a seconds field");
    if (has_tables) {
        app.add_flag("--system", options.system, "FILE has a user column, as /etc/crontab has");
        add("--as", "USER", options.as, "Judge FILE as the installed crontab of USER");
        add("--root", "DIR", written.root, "Put this before the paths of the machine's tables");
    }
    app.add_flag("--json", options.json, "Print JSON");
}

std::string usage_of(const CommandName& command) {
    switch (command.command) {
        case Command::next:
            return "usage: cronctl next [OPTION]... 'SCHEDULE' | FILE...\n";
        case Command::explain:
            return "usage: cronctl explain [OPTION]... 'SCHEDULE'...\n";
        case Command::check:
            return "usage: cronctl check [OPTION]... FILE...\n";
        case Command::simulate:
            return "usage: cronctl simulate --from T --until T [OPTION]... FILE...\n";
    }
    return {};
}

std::string help_of(const CommandName& command, const CLI::App& app) {
    // CLI11's own help, with a usage line that says more.
    std::string options = app.help();
    options.erase(0, options.find("Options:"));
    options.erase(options.find_last_not_of('\n') + 1);
    return fmt::format(
        "{}\n{}\n\n{}\n\nA time T is 2026-03-08T02:30:00-05:00, '2026-03-08 02:30', 2026-03-08 or "
        "now.\n",
        usage_of(command), command.description, options);
}

Result<void> set_numbers(Options& options, const Written& written) {
    if (written.count) {
        options.count = parse_decimal(*written.count);
        if (!options.count) {
            return failure(ErrorCode::invalid,
                           fmt::format("--count {} is not a number", cron::quoted(*written.count)));
        }
    }
    if (written.run_time) {
        const auto run_time = schedule::parse_duration(*written.run_time);
        if (!run_time) {
            return failure(ErrorCode::invalid,
                           fmt::format("--run-time {} is not a duration such as 90s, 5m or 2h30m",
                                       cron::quoted(*written.run_time)));
        }
        options.run_time = *run_time;
    }
    return {};
}

Result<void> set_root(Options& options, const Written& written, std::string_view directory) {
    if (!written.root) return {};
    Result<std::string> root = root_prefix(*written.root, directory);
    if (!root) return tl::unexpected(root.error());
    options.root = *std::move(root);
    return {};
}

Result<void> check(const Options& options) {
    const bool has_machine = options.command != Command::explain && options.system;
    if (options.what.empty() && !has_machine) {
        const char* const missing = options.command == Command::next      ? "a schedule or a file"
                                    : options.command == Command::explain ? "a schedule"
                                                                          : "a file";
        return failure(ErrorCode::invalid, fmt::format("{} is missing", missing));
    }
    if (options.as && options.system)
        return failure(ErrorCode::invalid, "--as is for users' tables, and --system for others");
    if (options.as && options.what.size() != 1)
        return failure(ErrorCode::invalid, "--as is for one file: a user has one table");
    if (options.as && (options.as->empty() || options.as->find('/') != std::string::npos)) {
        return failure(ErrorCode::invalid,
                       fmt::format("--as {} is not the name of a user", cron::quoted(*options.as)));
    }
    return {};
}

// CLI11's messages are sentences; ours are clauses.
std::string clause(std::string text) {
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.back() == '.') text.pop_back();
    if (!text.empty()) text.front() = to_lower(text.front());
    return printable(text);
}

Result<Options> parse_command(const CommandName& command, std::span<const char* const> arguments,
                              std::string_view directory) {
    CLI::App app(command.description, fmt::format("cronctl {}", command.name));
    Written written;
    written.options.command = command.command;
    try {
        declare(app, command.command, written);
        auto parted = part_arguments(arguments, [&](std::string_view option) {
            const CLI::Option* const found = app.get_option_no_throw(std::string(option));
            return found != nullptr && found->get_items_expected_min() > 0;
        });
        if (!parted) return tl::unexpected(parted.error());
        written.options.what = std::move(parted->positionals);
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(parted->options.rbegin(), parted->options.rend()));
    } catch (const CLI::CallForHelp&) {
        written.options.notice = help_of(command, app);
        return written.options;
    } catch (const CLI::Error& error) {
        return failure(ErrorCode::invalid, clause(error.what()));
    }
    Result<void> done = set_numbers(written.options, written);
    if (done) done = set_root(written.options, written, directory);
    if (done) done = check(written.options);
    if (!done) return tl::unexpected(done.error());
    return written.options;
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory) {
    if (arguments.empty()) {
        return failure(ErrorCode::invalid,
                       fmt::format("a command is missing: {}", command_names()));
    }
    const std::string_view first = arguments.front();
    Options notice;
    if (first == "-h" || first == "--help") {
        notice.notice = overview();
        return notice;
    }
    if (first == "-V" || first == "--version") {
        notice.notice = "cronctl (belfry) " BELFRY_VERSION "\n";
        return notice;
    }
    const CommandName* const command = find_command(first);
    if (command == nullptr) {
        return failure(ErrorCode::invalid, fmt::format("{} is not a command: {}",
                                                       cron::quoted(first), command_names()));
    }
    return parse_command(*command, arguments.subspan(1), directory);
}

std::string program_of(std::span<const char* const> arguments) {
    const CommandName* const command = arguments.empty() ? nullptr : find_command(arguments[0]);
    return command == nullptr ? "cronctl" : fmt::format("cronctl {}", command->name);
}

}  // namespace cron::ctl
