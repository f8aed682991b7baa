#include "process/session.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "process/job_orders.h"

namespace cron::process {
namespace {

std::optional<SessionRecord> read_record(int fd) {
    SessionRecord record;
    if (pread(fd, &record, sizeof record, 0) != sizeof record) return std::nullopt;
    if (record.version != kSessionVersion) return std::nullopt;
    return record;
}

}  // namespace

Result<SessionFile> SessionFile::in_memory() {
    UniqueFd fd(memfd_create("cron-session", MFD_CLOEXEC));
    if (!fd) return system_failure(errno, "memfd_create", "session in memory");
    return SessionFile(std::move(fd), OutputName());
}

std::optional<Ended> SessionFile::end() const {
    const auto record = read_record(fd_.get());
    if (!record || record->has_ended == 0) return std::nullopt;
    Ended ended;
    ended.status = {record->is_signalled != 0, record->value};
    ended.usage = {microseconds{static_cast<std::int64_t>(record->cpu_microseconds)},
                   record->peak_memory_bytes};
    return ended;
}

std::optional<pid_t> SessionFile::job() const {
    const auto record = read_record(fd_.get());
    if (!record || record->has_ended != 0) return std::nullopt;
    return record->job;
}

}  // namespace cron::process
