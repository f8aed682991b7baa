#include "daemon/invocation.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include <fmt/format.h>

#include "daemon/system_log.h"

namespace cron::daemon {
namespace {

// Source: JOURNAL_STREAM in systemd.exec(5).
bool leads_to_journal(int fd) {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || ::fstat(fd, &status) != 0) return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

}  // namespace

Invocation invocation_of(const char* program) {
    Invocation invocation;
    if (program != nullptr) {
        const std::string_view path = program;
        const std::string_view name = path.substr(path.rfind('/') + 1);
        if (!name.empty()) invocation.program = name;
    }
    invocation.is_stderr_journal = leads_to_journal(STDERR_FILENO);
    invocation.has_system_log =
        ::access(kJournalSocket, W_OK) == 0 || ::access(kSyslogSocket, W_OK) == 0;
    return invocation;
}

}  // namespace cron::daemon
