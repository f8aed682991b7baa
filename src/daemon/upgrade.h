// A live upgrade: this process becomes the program that is now installed where it was started from,
// with its pid, its children and its descriptors. docs/upgrade.md has the whole of it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "daemon/errands.h"
#include "daemon/event_loop.h"
#include "daemon/options.h"
#include "daemon/upgrade_format.h"
#include "process/launch.h"

namespace cron::daemon {

inline constexpr const char* kUpgradeCheck = "--upgrade-check";
inline constexpr seconds kUpgradeCheckTime{10};  // then the new program is killed, and refused

// How the program was started.
struct Origin {
    std::string program;                   // its path, absolute; empty: not known
    std::vector<std::string> arguments;    // its name first
    std::vector<std::string> environment;  // "NAME=value"
    std::string directory;                 // in which relative paths on the command line are
};

// What the program before us in this process has handed over.
class Inherited {
  public:
    // None: we were started, and have nothing of that kind. To be called before anything else is
    // open. Afterwards no descriptor above 2 is open but those that are handed over, and no program
    // that we start inherits them.
    static std::optional<Inherited> take();

    // Where they cannot be read whole there is less in them.
    const Handover& facts() const { return facts_; }
    // Why; none where all is well.
    const std::optional<Error>& problem() const { return problem_; }
    // The owner of this descriptor from now on; none if it has one already. Those that are not
    // asked for are closed with this.
    UniqueFd descriptor(int number);
    UniqueFd descriptor(const std::string& name);

  private:
    Handover facts_;
    std::optional<Error> problem_;
    std::map<int, UniqueFd> descriptors_;
};

// To be asked after Inherited::take(), which removes from the environment what it has read.
Origin origin_here(std::span<const char* const> arguments,
                   const std::optional<Inherited>& inherited);

// The next program of a running daemon cannot start: for the log, since nobody waits for its word.
void say_start_failed(const Options& options, const std::string& reason);

// What `crond --upgrade-check WORDS` does: whether this program would start and go on from a
// handover of the format that the first word names, in the directory and with the arguments that
// follow, its name first. `programs`: those that it starts. Prints the version, or why not. Returns
// the exit status.
int check_upgrade(std::span<const char* const> words, const std::vector<std::string>& programs,
                  const std::string& version);

class Upgrade {
  public:
    // The version of the program that is to come, or why it must not.
    using Checked = std::function<void(const Result<std::string>& version)>;

    Upgrade(EventLoop& loop, process::Launcher& launcher, Origin origin, Checked checked)
        : origin_(std::move(origin)),
          checked_(std::move(checked)),
          checks_(loop, launcher, {1, 1, 1}, [] {}) {}

    const Origin& origin() const { return origin_; }

    // Asks the installed program whether it works, answered by `checked`, at once or later. An
    // answer comes for every question but those before abandon().
    void check();
    void abandon() { checks_.give_up(false); }

    bool has_child(pid_t pid) const { return checks_.has_child(pid); }
    std::optional<Monotonic> deadline() const { return checks_.deadline(); }
    void expire(Monotonic now) { checks_.expire(now); }

    // Executes it. Returns only if that fails; then all is as before.
    Error become(const Handover& handover) const;

  private:
    Result<void> check_file() const;
    std::optional<Errand::Program> program();
    void ended(const ErrandEnd& end);

    Origin origin_;
    Checked checked_;
    UniqueFd answer_;
    Errands checks_;
};

}  // namespace cron::daemon
