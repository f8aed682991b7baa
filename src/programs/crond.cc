// crond: the scheduler daemon.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/clock.h"
#include "daemon/crond.h"
#include "daemon/once.h"
#include "daemon/print.h"
#include "daemon/pulse.h"
#include "daemon/upgrade.h"

namespace {

using namespace cron;
using namespace cron::daemon;

constexpr int kBadCommandLine = 2;  // cron.service does not start it again then

// crond-job and its sibling stand where they were installed, or beside us in a build folder.
std::string find_program(const std::string& name) {
    std::string self(4096, '\0');
    const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size());
    if (length > 0) {
        self.resize(static_cast<std::size_t>(length));
        const std::string beside = self.substr(0, self.rfind('/') + 1) + name;
        if (::access(beside.c_str(), X_OK) == 0) return beside;
    }
    return BELFRY_PROGRAMS "/" + name;
}

void say_failed(const Options& options, Readiness& readiness, const std::string& message) {
    if (!options.supercronic) return readiness.failed(message);
    print(STDERR_FILENO,
          fatal_line(*options.supercronic, message, read_clock().instant, calendar::Zone()));
}

int run(const Options& options, Origin origin, std::optional<Inherited> inherited) {
    Setting setting = make_setting(options, find_program("crond-job"), BELFRY_VERSION);
    // Only the machine's daemon has PAM sessions for jobs: an image needs no such program.
    if (options.tables.empty()) setting.session_program = find_program("crond-session");
    setting.origin = std::move(origin);
    if (options.test) return check_tables(setting);

    const int failed = options.once ? kNotStartedStatus : EXIT_FAILURE;
    const bool is_next = inherited.has_value();
    auto readiness = inherited ? Readiness::to_nobody() : daemonize({options.foreground, {}});
    if (!readiness) {
        print(STDERR_FILENO, fmt::format("crond: {}\n", readiness.error().message));
        return failed;
    }
    auto crond = Crond::create(setting, std::move(inherited));
    if (!crond) {
        log_death(setting.options, crond.error().message);
        say_failed(options, *readiness, crond.error().message);
        if (is_next) say_start_failed(options, crond.error().message);
        return failed;
    }
    const auto ended = (*crond)->run(*readiness);
    if (!ended) say_failed(options, *readiness, ended.error().message);
    std::fflush(nullptr);
    // Not by way of destructors: a user lookup may hang in the worker's thread.
    ::_exit(ended ? (*crond)->exit_status() : failed);
}

int tell_alive() {
    constexpr seconds kPatience{5};
    const auto name = pulse_name();
    const auto alive = name ? feel_pulse(*name, kPatience) : tl::unexpected(name.error());
    if (!alive) print(STDERR_FILENO, fmt::format("crond: {}\n", alive.error().message));
    return alive ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span<const char* const> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments.front() == std::string_view(kUpgradeCheck)) {
        return check_upgrade(arguments.subspan(1),
                             {find_program("crond-job"), find_program("crond-session")},
                             BELFRY_VERSION);
    }
    auto inherited = Inherited::take();
    Origin origin = origin_here({argv, argv + argc}, inherited);
    const Invocation invocation = invocation_of(argv[0]);
    const auto options = parse_options(arguments, origin.directory, invocation);
    if (!options) {
        const std::string name = printable(invocation.program);
        print(STDERR_FILENO,
              fmt::format("{}: {}\nTry '{} --help'.\n", name, options.error().message, name));
        return kBadCommandLine;
    }
    if (options->notice) {
        print(STDOUT_FILENO, *options->notice);
        return EXIT_SUCCESS;
    }
    if (options->asks_alive) return tell_alive();
    return run(*options, std::move(origin), std::move(inherited));
}
