// The beginning of a program that may be the next one of a running daemon.
#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/config_file.h"
#include "daemon/facts.h"
#include "daemon/invocation.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/print.h"
#include "daemon/setting.h"
#include "daemon/upgrade.h"
#include "daemon/upgrade_memory.h"
#include "ledger/schema.h"
#include "process/child.h"

namespace cron::daemon {
namespace {

constexpr seconds kLogWait{1};

// All above 2 that is not in `kept`, which is sorted.
void close_others(const std::vector<int>& kept) {
    unsigned first = STDERR_FILENO + 1;
    for (const int number : kept) {
        const auto next = static_cast<unsigned>(number);
        if (next > first) ::close_range(first, next - 1, 0);
        first = next + 1;
    }
    ::close_range(first, std::numeric_limits<unsigned>::max(), 0);
}

// A database that a newer version wrote would end our start.
Result<void> check_ledger(const std::string& path) {
    if (::access(path.c_str(), F_OK) != 0) return {};
    auto database = ledger::Database::open({path, "", true});
    if (!database) return tl::unexpected(database.error());
    auto version = database->prepare("PRAGMA user_version");
    const auto row = version ? version->step() : tl::unexpected(version.error());
    if (!row) return tl::unexpected(row.error());
    if (version->number(0) > ledger::kSchemaVersion) {
        return failure(ErrorCode::invalid, path + " is of a newer version");
    }
    return {};
}

Result<void> check_start(std::span<const char* const> words,
                         const std::vector<std::string>& programs) {
    constexpr std::size_t kWordsMin = 3;
    if (words.size() < kWordsMin) return failure(ErrorCode::invalid, "it is asked too little");
    // Of an older format we know all, of a newer one not what is in it.
    if (std::strtoull(words[0], nullptr, 10) > kHandoverFormat) {
        return failure(ErrorCode::invalid, fmt::format("it reads handovers up to format {}, not {}",
                                                       kHandoverFormat, words[0]));
    }
    const auto options = parse_options(words.subspan(kWordsMin), words[1], invocation_of(words[2]));
    if (!options) return tl::unexpected(options.error());
    for (const std::string& program : programs) {
        if (::access(program.c_str(), X_OK) != 0) return system_failure(errno, "execute", program);
    }
    const Setting setting = make_setting(*options, programs.front(), "");
    const ConfigReading config = read_config(config_file(setting));
    if (!config.config) {
        return failure(ErrorCode::invalid, config.error_line(setting.paths.config));
    }
    return check_ledger(setting.paths.ledger);
}

}  // namespace

std::optional<Inherited> Inherited::take() {
    const int fd = take_handover_variable();
    if (fd < 0) return std::nullopt;
    Inherited inherited;
    auto facts = read_handover(fd);
    const bool is_ours = facts && facts->pid == ::getpid() &&
                         facts->process_start == process::process_start(::getpid());
    if (is_ours) {
        inherited.facts_ = *std::move(facts);
    } else {
        inherited.problem_ =
            facts ? Error{ErrorCode::invalid, "it is of another process", 0} : facts.error();
    }
    if (!inherited.facts_.is_known()) {
        inherited.problem_ = Error{
            ErrorCode::invalid,
            fmt::format("its format is {}, and ours {}", inherited.facts_.format, kHandoverFormat),
            0};
    }
    std::vector<int> numbers = inherited.facts_.numbers();
    std::sort(numbers.begin(), numbers.end());
    for (const int number : numbers) {
        // One that is not open is nobody's.
        if (::fcntl(number, F_SETFD, FD_CLOEXEC) == 0) {
            inherited.descriptors_.emplace(number, UniqueFd(number));
        }
    }
    close_others(numbers);
    return inherited;
}

UniqueFd Inherited::descriptor(int number) {
    auto found = descriptors_.extract(number);
    return found ? std::move(found.mapped()) : UniqueFd();
}

UniqueFd Inherited::descriptor(const std::string& name) {
    const auto found = facts_.descriptors.find(name);
    return found == facts_.descriptors.end() ? UniqueFd() : descriptor(found->second);
}

Origin origin_here(std::span<const char* const> arguments,
                   const std::optional<Inherited>& inherited) {
    Origin origin;
    origin.arguments.assign(arguments.begin(), arguments.end());
    for (char** variable = environ; *variable != nullptr; ++variable) {
        origin.environment.emplace_back(*variable);
    }
    char directory[4096];
    if (inherited && !inherited->facts().directory.empty()) {
        origin.directory = inherited->facts().directory;
    } else {
        origin.directory = ::getcwd(directory, sizeof directory) == nullptr ? "/" : directory;
    }
    // The path that was executed, not what it was a link to: an upgrade may change the link.
    const auto* const path =  // NOLINTNEXTLINE: the kernel hands pointers over as numbers
        reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    const std::string program = path == nullptr ? "" : path;
    if (program.starts_with("/dev/fd/")) return origin;  // by a descriptor: nobody knows
    if (program.starts_with('/')) {
        origin.program = program;
    } else if (!program.empty()) {
        origin.program = origin.directory + "/" + program;
    }
    return origin;
}

void say_start_failed(const Options& options, const std::string& reason) {
    LogOptions log_options;
    log_options.format = options.log;
    log_options.pid = ::getpid();
    Log log(log_options);
    log.write(said(Level::error, "start-failed", reason), read_clock().instant);
    log.finish(kLogWait);
}

int check_upgrade(std::span<const char* const> words, const std::vector<std::string>& programs,
                  const std::string& version) {
    const auto checked = check_start(words, programs);
    print(STDOUT_FILENO, fmt::format("{}\n", checked ? version : checked.error().message));
    return checked ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace cron::daemon
