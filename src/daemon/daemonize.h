// Into the background by the book, with word from the daemon to its starter when it is ready.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::daemon {

struct DaemonizeOptions {
    bool foreground = false;
    std::string directory;  // to work in; empty: stay where we are
};

// The daemon's word to who started it. One that ends unsaid means that the start failed.
class Readiness {
  public:
    Readiness(Readiness&&) noexcept = default;
    Readiness& operator=(Readiness&&) noexcept = default;

    // In the background: the starter exits with status 0.
    void ready();
    // The reason goes to the starter's stderr as "crond: MESSAGE"; in the background the starter
    // exits with status 1.
    void failed(std::string_view message);

    // Of a program that goes on with the process of another: nobody waits for its word.
    static Readiness to_nobody() { return Readiness(UniqueFd()); }

  private:
    friend Result<Readiness> daemonize(const DaemonizeOptions& options);
    explicit Readiness(UniqueFd starter) : starter_(std::move(starter)) {}

    UniqueFd starter_;  // none in the foreground
};

// To be called before anything else is open and before there are threads. In both cases: 0, 1 and 2
// are open afterwards (on /dev/null where they were not), all that was inherited above them is
// closed, the umask is 022. In the background besides: a session of its own and no terminal, not
// the leader of its session (it could get one), 0, 1 and 2 on /dev/null; it returns in the final
// process only, and the starter waits until it is told, then exits. SIGPIPE is ignored from here
// on. What fails in the child is told to the starter, and the child exits.
Result<Readiness> daemonize(const DaemonizeOptions& options);

}  // namespace cron::daemon
