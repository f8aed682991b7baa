#include "process/report.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "process/job_orders.h"

namespace cron::process {
namespace {

const char* name_of(JobStage stage) {
    switch (stage) {
        case JobStage::orders:
            return "crond-job";
        case JobStage::cgroup:
            return "enter cgroup";
        case JobStage::setsid:
            return "setsid";
        case JobStage::close_range:
            return "close_range";
        case JobStage::io_priority:
            return "ioprio_set";
        case JobStage::nice:
            return "setpriority";
        case JobStage::setgroups:
            return "setgroups";
        case JobStage::setgid:
            return "setgid";
        case JobStage::setuid:
            return "setuid";
        case JobStage::way_back:
            return "giving up privileges";
        case JobStage::root:
            return "chdir /";
        case JobStage::home:
            return "chdir";
        case JobStage::exec:
            return "exec";
        case JobStage::session:
            return "session";
    }
    return "crond-job";
}

// Where the warning of `stage` goes; null for a failure.
std::optional<int>* warning_of(Report& report, JobStage stage) {
    if (stage == JobStage::home) return &report.home_error;
    if (stage == JobStage::nice) return &report.nice_error;
    if (stage == JobStage::io_priority) return &report.io_priority_error;
    if (stage == JobStage::cgroup) return &report.cgroup_error;
    return nullptr;
}

}  // namespace

LaunchFailure launch_failure(const char* stage, int error) {
    // All of these pass when other processes end.
    const bool temporary = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
    return {{stage, error}, temporary};
}

Report read_report(int fd) {
    Report report;
    // Four warnings and a failure at most, each whole or not at all, and the text after the last.
    constexpr std::size_t kRecordsMax = 5;
    std::array<char, kRecordsMax * sizeof(JobRecord) + kSessionTextMax> buffer;
    for (;;) {
        const ssize_t bytes = ::read(fd, buffer.data(), buffer.size());
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0 && errno == EAGAIN) return report;
        if (bytes < 0) {
            report.state = Report::State::failed;
            report.failure = launch_failure("read report", errno);
            return report;
        }
        if (bytes == 0) {
            report.state = Report::State::started;
            return report;
        }
        std::string_view said(buffer.data(), static_cast<std::size_t>(bytes));
        while (said.size() >= sizeof(JobRecord)) {
            JobRecord record;
            std::memcpy(&record, said.data(), sizeof record);
            said.remove_prefix(sizeof record);
            if (std::optional<int>* const warning = warning_of(report, record.stage)) {
                *warning = record.error;
                continue;
            }
            report.state = Report::State::failed;
            report.failure = launch_failure(name_of(record.stage), record.error);
            if (record.stage == JobStage::session) {
                report.failure.error.stage = said;
                report.failure.of_session = true;
            }
            return report;
        }
    }
}

}  // namespace cron::process
