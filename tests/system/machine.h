// A machine of its own for one test: a temporary root, tables in it, and the real crond on it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace cron::system_test {

// For what takes milliseconds on an idle machine.
inline constexpr int kPatienceMs = 60'000;

bool is_root();  // warns that the test is skipped, if not

// A folder that everybody can enter, with etc/, run/ and var/spool/cron/; gone at the end.
class TempRoot {
  public:
    TempRoot();
    TempRoot(const TempRoot&) = delete;
    TempRoot& operator=(const TempRoot&) = delete;
    ~TempRoot();

    std::string path(std::string_view below) const { return root_ + std::string(below); }

    // Replaces the file at once, as crontab does; owned by `user`.
    void write(std::string_view below, std::string_view text, mode_t mode = 0644,
               std::string_view user = "root") const;
    void user_table(std::string_view user, std::string_view text) const;
    void system_table(std::string_view text) const { write("/etc/crontab", text); }
    // A folder that every user may write to, for what jobs leave.
    std::string open_folder(std::string_view below) const;
    // A mailer that puts each message into the open folder /mail, and then does what `ending` says.
    std::string mailer(std::string_view ending = "exit 0") const;

    std::string read(std::string_view below) const;  // empty if it is not there
    std::vector<std::string> lines(std::string_view below) const;
    std::vector<std::string> names(std::string_view below) const;  // in a folder

  private:
    std::string root_;
};

// Whether `claim` comes true within the patience; asked again whenever a little time has passed.
bool eventually(const std::function<bool()>& claim);

// A process that writes to stdout and stderr; ended with KILL at the end if it still lives.
class Process {
  public:
    // `prepare` runs in the child before exec. `namespaces` (CLONE_NEWPID and such) are its own:
    // there it is the first process.
    explicit Process(const std::vector<std::string>& arguments,
                     const std::function<void()>& prepare = nullptr, unsigned namespaces = 0);
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    pid_t pid() const { return pid_; }
    void signal(int number) const;
    // The exit status; 128 + the signal; -1 if it does not end.
    int wait();

    // All that it has written so far, both streams in one.
    const std::string& output();
    // Whether it writes `text` at least `times` times.
    bool writes(std::string_view text, int times = 1);
    int count(std::string_view text);

  private:
    bool read_some(int timeout_ms);

    pid_t pid_ = -1;
    bool is_collected_ = false;
    int status_ = -1;
    UniqueFd output_fd_;
    std::string output_;
};

// The machine's daemon on `root`, in the foreground, with its log as JSON lines.
std::vector<std::string> crond_arguments(const TempRoot& root,
                                         const std::vector<std::string>& more = {});

}  // namespace cron::system_test
