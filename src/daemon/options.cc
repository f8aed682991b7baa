#include "daemon/options.h"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/arguments.h"
#include "base/path.h"
#include "base/text.h"
#include "daemon/classic_options.h"
#include "daemon/container_options.h"
#include "daemon/supercronic_options.h"
#include "schedule/duration.h"
#include "spool/tables.h"

namespace cron::daemon {
namespace {

constexpr const char* kDescription =
    "Runs the jobs of the machine's crontabs at their times, or those of the TABLEs given.\n"
    "crond(8) has the whole of it.";

// The options as they were written; empty where they were not.
struct Written {
    bool test = false, alive = false;
    std::optional<std::string> log, log_level, output, grace, root, config, spool, pidfile, socket,
        mailer, compat;
    std::vector<std::string> tables;
    ClassicWords classic;
    ContainerWords container;
};

void declare_classic(CLI::App& app, ClassicWords& words, const Invocation& invocation) {
    for (const ClassicOption& option : classic_options()) {
        const std::string names(option.names(invocation));
        const std::string help(option.help);
        if (option.flag != nullptr) {
            app.add_flag(names, words.*option.flag, help);
        } else {
            app.add_option(names, words.*option.word, help)->type_name(std::string(option.type));
        }
    }
}

template <class Value>
void add(CLI::App& app, const char* name, const char* type, Value& value, const char* help) {
    app.add_option(name, value, help)->type_name(type);
}

void declare_container(CLI::App& app, ContainerWords& words) {
    app.add_flag("--system", words.system, "The TABLEs have a column with the user");
    app.add_flag("--watch", words.watch, "Read a TABLE that changes again (the default)");
    app.add_flag("--no-watch", words.no_watch, "Read TABLEs again only on SIGHUP");
    add(app, "--state", "DIR", words.state, "Keep the record of runs in this folder");
    add(app, "--once", "JOB", words.once, "Run this job now, and exit with its status");
    add(app, "--env", "WHICH", words.environment,
        "What of our environment jobs get: all, none or NAME,... [all]");
}

void declare(CLI::App& app, Written& written) {
    app.set_help_flag("-h,--help", "Print this and exit");
    app.set_version_flag("-V,--version", "crond (belfry) " BELFRY_VERSION);
    app.add_flag("--test", written.test, "Read all tables, print what is wrong, exit with 0 or 1");
    app.add_flag("--alive", written.alive, "Ask the crond of this container whether it is alive");
    add(app, "--root", "DIR", written.root, "Put this before all default paths");
    add(app, "--config", "FILE", written.config, "The daemon's settings [/etc/crond.json]");
    add(app, "--spool", "DIR", written.spool, "The spool folder [/var/spool/cron]");
    add(app, "--pidfile", "FILE", written.pidfile, "The pidfile [/run/crond.pid]");
    add(app, "--socket", "FILE", written.socket, "The socket for crontab [/run/crond.sock]");
    add(app, "--mailer", "PATH", written.mailer, "The program for mail [/usr/sbin/sendmail]");
    add(app, "--log", "WHERE", written.log, "syslog, or text or json on stderr");
    add(app, "--log-level", "LEVEL", written.log_level, "error, warning, info or debug [info]");
    add(app, "--output", "HOW", written.output,
        "What jobs print: mail, or prefix, raw or json on stdout");
    add(app, "--grace", "DURATION", written.grace, "From TERM to KILL when stopping [25s]");
    // For the help: the rest never reaches CLI11, to which [x,y] is a list.
    add(app, "--compat", "NAME", written.compat,
        "supercronic: what follows is its flags, and one crontab");
    add(app, "TABLE", "", written.tables,
        "Run just these tables, as the caller, in the foreground");
}

template <class T, std::size_t kSize>
Result<T> choose(std::string_view option, const std::string& word,
                 const std::array<std::pair<std::string_view, T>, kSize>& choices) {
    std::string names;
    for (const auto& [name, value] : choices) {
        if (name == word) return value;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
    }
    return failure(ErrorCode::invalid,
                   fmt::format("{} '{}' is not one of {}", option, printable(word), names));
}

constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kLogFormats = {
    {{"syslog", LogFormat::syslog}, {"text", LogFormat::text}, {"json", LogFormat::json}}};
constexpr std::array<std::pair<std::string_view, Level>, 4> kLevels = {{{"error", Level::error},
                                                                        {"warning", Level::warning},
                                                                        {"info", Level::info},
                                                                        {"debug", Level::debug}}};
constexpr std::array<std::pair<std::string_view, OutputFormat>, 4> kOutputFormats = {
    {{"mail", OutputFormat::mail},
     {"prefix", OutputFormat::prefix},
     {"raw", OutputFormat::raw},
     {"json", OutputFormat::json}}};

// The word that was written for an option, or its default.
template <class T, std::size_t kSize>
Result<void> set(T& option, std::string_view name, const std::optional<std::string>& word,
                 T otherwise, const std::array<std::pair<std::string_view, T>, kSize>& choices) {
    option = otherwise;
    if (!word) return {};
    const Result<T> chosen = choose(name, *word, choices);
    if (!chosen) return tl::unexpected(chosen.error());
    option = *chosen;
    return {};
}

Result<void> set_path(std::optional<std::string>& option, std::string_view name,
                      const std::optional<std::string>& written, std::string_view directory) {
    if (!written) return {};
    Result<std::string> path = absolute_path(name, *written, directory);
    if (!path) return tl::unexpected(path.error());
    option = *std::move(path);
    return {};
}

Result<void> set_root(Options& options, const std::optional<std::string>& written,
                      std::string_view directory) {
    if (!written) return {};
    Result<std::string> root = root_prefix(*written, directory);
    if (!root) return tl::unexpected(root.error());
    options.root = *std::move(root);
    return {};
}

Result<void> set_paths(Options& options, const Written& written, std::string_view directory) {
    Result<void> done = set_root(options, written.root, directory);
    if (done) done = set_path(options.config, "--config", written.config, directory);
    if (done) done = set_path(options.spool, "--spool", written.spool, directory);
    if (done) done = set_path(options.pidfile, "--pidfile", written.pidfile, directory);
    if (done) done = set_path(options.socket, "--socket", written.socket, directory);
    if (done) done = set_path(options.mailer, "--mailer", written.mailer, directory);
    if (!done) return done;
    for (const std::string& table : written.tables) {
        std::optional<std::string> path;
        if (done = set_path(path, "TABLE", table, directory); !done) return done;
        options.tables.push_back(*path);
    }
    return {};
}

Result<void> set_grace(Options& options, const std::optional<std::string>& word) {
    if (!word) return {};
    const std::optional<seconds> grace = schedule::parse_duration(*word);
    if (!grace) {
        return failure(ErrorCode::invalid,
                       fmt::format("--grace '{}' is not a duration such as 90s, 5m or 2h30m",
                                   printable(*word)));
    }
    options.grace = *grace;
    return {};
}

// A daemon in the background has neither stdout nor stderr: what is asked to go there would be
// lost.
Result<void> check_streams(const Options& options) {
    if (options.foreground || options.test) return {};
    if (options.log != LogFormat::syslog) {
        return failure(ErrorCode::invalid, "--log text and --log json need --foreground");
    }
    if (options.output != OutputFormat::mail) {
        return failure(ErrorCode::invalid, "--output prefix, raw and json need --foreground");
    }
    return {};
}

// Where the log goes unless an option says it. In the foreground somebody looks on, but where
// stderr is the journal's, which is better told by itself, or where Debian's cron was asked for,
// whose log never was on stderr.
LogFormat default_log(const Options& options, const Invocation& invocation, bool is_debug) {
    if (options.test || is_debug) return LogFormat::text;
    if (options.foreground && options.output == OutputFormat::json) return LogFormat::json;
    if (!options.tables.empty()) return LogFormat::text;
    if (!options.foreground || invocation.is_stderr_journal) return LogFormat::syslog;
    return invocation.is_cron() && invocation.has_system_log ? LogFormat::syslog : LogFormat::text;
}

Result<Options> to_options(const Written& written, std::string_view directory,
                           const Invocation& invocation) {
    Options options;
    Result<void> done = set(options.log_level, "--log-level", written.log_level,
                            written.container.once ? Level::warning : Level::info, kLevels);
    if (done) done = apply(written.classic, options);
    if (done) done = set_paths(options, written, directory);
    if (done) done = apply(written.container, directory, options);
    if (!done) return tl::unexpected(done.error());
    // Tables as arguments are for whoever looks on: their output has no other place to go.
    options.foreground = options.foreground || !written.tables.empty();
    options.test = written.test;
    options.asks_alive = written.alive;
    const bool is_container = options.foreground && !written.tables.empty();
    // Of one run it is plain whose output it is.
    const auto shown = options.once ? OutputFormat::raw : OutputFormat::prefix;
    done = set(options.output, "--output", written.output,
               is_container ? shown : OutputFormat::mail, kOutputFormats);
    if (done) {
        done =
            set(options.log, "--log", written.log,
                default_log(options, invocation, written.classic.debug.has_value()), kLogFormats);
    }
    if (done) done = set_grace(options, written.grace);
    if (done) done = check_streams(options);
    if (!done) return tl::unexpected(done.error());
    return options;
}

// CLI11's messages are sentences; ours are clauses.
std::string clause(std::string text) {
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.back() == '.') text.pop_back();
    if (!text.empty()) text.front() = to_lower(text.front());
    return printable(text);
}

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory,
                              const Invocation& invocation) {
    const auto call = supercronic_call(arguments, invocation);
    if (!call) return tl::unexpected(call.error());
    if (*call) return parse_as_supercronic(**call, directory, invocation);
    CLI::App app(kDescription, invocation.program);
    Written written;
    Options notice;
    try {
        declare_classic(app, written.classic, invocation);
        declare(app, written);
        declare_container(app, written.container);
        auto parted = part_arguments(arguments, [&](std::string_view option) {
            const CLI::Option* const found = app.get_option_no_throw(std::string(option));
            return found != nullptr && found->get_items_expected_min() > 0;
        });
        if (!parted) return tl::unexpected(parted.error());
        // CLI11 takes them from the back.
        app.parse(std::vector<std::string>(parted->options.rbegin(), parted->options.rend()));
        // Behind what it takes for no option, "--=x".
        written.tables.insert(written.tables.end(), parted->positionals.begin(),
                              parted->positionals.end());
    } catch (const CLI::CallForHelp&) {
        notice.notice = app.help();
        return notice;
    } catch (const CLI::CallForVersion& version) {
        notice.notice = std::string(version.what()) + '\n';
        return notice;
    } catch (const CLI::ExtrasError& error) {
        return failure(ErrorCode::invalid,
                       fmt::format("{}; the letters known to {} are {} -h -V", clause(error.what()),
                                   printable(invocation.program), classic_letters(invocation)));
    } catch (const CLI::Error& error) {
        return failure(ErrorCode::invalid, clause(error.what()));
    }
    return to_options(written, directory, invocation);
}

Paths paths_of(const Options& options) {
    const auto at = [&](std::string_view path) { return options.root + std::string(path); };
    Paths paths;
    if (options.config) {
        paths.config = *options.config;
    } else if (options.tables.empty()) {
        paths.config = at("/etc/crond.json");
    }
    paths.spool = options.state.value_or(options.spool.value_or(at("/var/spool/cron")));
    paths.crontabs = paths.spool + "/crontabs";
    paths.previous_tables = paths.spool + "/previous";
    paths.output = paths.spool + "/output";
    paths.mail = paths.spool + "/mail";
    paths.spool_lock = paths.spool + "/.crond.lock";
    paths.ledger = paths.spool + "/ledger.db";
    paths.pidfile = options.pidfile.value_or(at("/run/crond.pid"));
    paths.control_socket = options.socket.value_or(at("/run/crond.sock"));
    paths.reboot_marker = at("/run/crond.reboot");
    const spool::Places places = spool::places_below(options.root);
    paths.system_table = places.system_table;
    paths.system_folder = places.system_folder;
    paths.cron_allow = at("/etc/cron.allow");
    paths.cron_deny = at("/etc/cron.deny");
    paths.mailer = options.mailer.value_or("/usr/sbin/sendmail");
    paths.localtime = at("/etc/localtime");
    paths.zoneinfo = "/usr/share/zoneinfo";
    return paths;
}

}  // namespace cron::daemon
