#include "edit/editor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::edit {
namespace {

constexpr const char* kSensibleEditor = "/usr/bin/sensible-editor";
constexpr const char* kLastEditor = "vi";

// Ignored by us while the editor runs, and as they were before in the editor.
class Ignored {
  public:
    Ignored() {
        struct sigaction ignore {};
        ignore.sa_handler = SIG_IGN;
        for (std::size_t each = 0; each < kSignals.size(); ++each)
            ::sigaction(kSignals[each], &ignore, &before_[each]);
    }
    ~Ignored() { restore(); }
    Ignored(const Ignored&) = delete;
    Ignored& operator=(const Ignored&) = delete;

    void restore() const {
        for (std::size_t each = 0; each < kSignals.size(); ++each)
            ::sigaction(kSignals[each], &before_[each], nullptr);
    }

  private:
    static constexpr std::array kSignals = {SIGHUP, SIGINT, SIGQUIT};
    std::array<struct sigaction, kSignals.size()> before_{};
};

// Its wait status. That it stops is no news: editors that do stop all of their group, and us with
// it, and who stops once more for them stops again what the shell has just continued.
Result<int> wait_for(pid_t pid, const std::string& editor) {
    int status = 0;
    while (::waitpid(pid, &status, 0) != pid) {
        if (errno != EINTR) return system_failure(errno, "wait for", printable(editor));
    }
    return status;
}

}  // namespace

std::string editor_of(const char* visual, const char* editor) {
    for (const char* const chosen : {visual, editor}) {
        if (chosen != nullptr && *chosen != '\0') return chosen;
    }
    return ::access(kSensibleEditor, X_OK) == 0 ? kSensibleEditor : kLastEditor;
}

Result<void> run_editor(const std::string& editor, const std::string& path) {
    // The shell in between must outlive what interrupts the editor, for which a trap, unlike a
    // signal that is ignored, leaves all as it was.
    const std::string script = "trap : HUP INT QUIT\n" + editor + " \"$1\"";
    // Else its end would not be ours to see.
    std::signal(SIGCHLD, SIG_DFL);
    const Ignored ignored;
    const pid_t pid = ::fork();
    if (pid < 0) return system_failure(errno, "fork for", printable(editor));
    if (pid == 0) {
        ignored.restore();
        std::signal(SIGPIPE, SIG_DFL);
        ::execl("/bin/sh", "sh", "-c", script.c_str(), "crontab", path.c_str(),
                static_cast<char*>(nullptr));
        ::_exit(127);
    }
    const Result<int> status = wait_for(pid, editor);
    if (!status) return tl::unexpected(status.error());
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
    return failure(ErrorCode::system,
                   WIFEXITED(*status) ? fmt::format("the editor ({}) ended with status {}",
                                                    printable(editor), WEXITSTATUS(*status))
                                      : fmt::format("the editor ({}) was ended by signal {} ({})",
                                                    printable(editor), WTERMSIG(*status),
                                                    ::strsignal(WTERMSIG(*status))));
}

}  // namespace cron::edit
