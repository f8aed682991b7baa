// A file that one process at a time holds locked, with its pid in it: the pidfile, and the lock of
// a spool.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::daemon {

// Held from acquire() to destruction, by flock and by an open-file-description lock, since other
// crons take the one or the other (or fcntl's old kind, which sees the second) and flock does not
// see the rest. The kernel drops them when the process dies, however it dies.
//
// The file stays when the lock ends, emptied. To remove it would be a race: a starter that had
// opened it would lock a file without a name, and the next one a new file, and both would run.
class LockFile {
  public:
    // Takes the lock and changes nothing in the file. Waits only, for
    // half a second at most, where the process that the file names is gone. An error with code
    // `busy` says which process has the lock; the file is then as it was. To be called in the
    // process that is to hold it: locks are not passed to a fork's child under its own pid.
    // Processes that are started do not inherit the descriptor.
    static Result<LockFile> acquire(const std::string& path);

    // The lock that the program before us in this process held on `path`, by its descriptor: it is
    // held on, never free in between. An error: it is none.
    static Result<LockFile> take_over(UniqueFd fd, const std::string& path);

    // To be handed to the next program, and for messages.
    int fd() const { return fd_.get(); }

    // Puts our pid into the file, for people, and behind it `host`: where its file is on a volume
    // the pid alone may be that of a process of another machine or container. Until then the file
    // is as it was.
    Result<void> write_pid(std::string_view host = {});

    LockFile(LockFile&&) noexcept = default;
    LockFile& operator=(LockFile&&) noexcept = delete;
    ~LockFile();

  private:
    LockFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    UniqueFd fd_;
    std::string path_;
    bool has_pid_ = false;
};

// What this machine or container calls itself; empty where that cannot be told.
std::string host_name();

}  // namespace cron::daemon
