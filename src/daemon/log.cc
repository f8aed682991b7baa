#include "daemon/log.h"

#include "daemon/journal.h"
#include "daemon/log_format.h"
#include "daemon/log_logrus.h"
#include "daemon/system_log.h"

namespace cron::daemon {
namespace {

std::unique_ptr<Transport> open_transport(const LogOptions& options) {
    if (options.format == LogFormat::syslog) {
        return open_system_log(options.journal_path, options.syslog_path);
    }
    return open_stream(options.fd);
}

}  // namespace

Log::Log(const LogOptions& options)
    : options_(options), outbox_(std::make_unique<Outbox>(open_transport(options))) {}

Outbox* Log::outbox_of(int fd) {
    const bool is_same = options_.format != LogFormat::syslog && is_same_stream(options_.fd, fd);
    return is_same ? outbox_.get() : nullptr;
}

void Log::write(const Record& record, Instant now) {
    if (!accepts(record.level)) return;
    const std::uint64_t dropped = outbox_->dropped();
    std::string text = line(record, now);
    if (dropped != dropped_told_ && outbox_->has_room()) {
        Record lost{Level::warning, "log-lines-dropped", {}, {}, 0};
        lost.fields.push_back({"count", static_cast<std::int64_t>(dropped - dropped_told_)});
        if (outbox_->push(line(lost, now))) dropped_told_ = dropped;
    }
    outbox_->push(std::move(text));
}

std::string Log::line(const Record& record, Instant now) const {
    const Stamp stamp{now, zone_, options_.pid};
    switch (options_.format) {
        case LogFormat::syslog:
            return system_log_message(syslog_line(record, stamp, options_.flavour),
                                      journal_entry(record, stamp.pid, options_.flavour));
        case LogFormat::text:
            return text_line(record, stamp);
        case LogFormat::json:
            return json_line(record, stamp);
        case LogFormat::logrus:
            return logrus_line(record, stamp, compat::Style::text);
        case LogFormat::logrus_json:
            return logrus_line(record, stamp, compat::Style::json);
    }
    return {};
}

}  // namespace cron::daemon
