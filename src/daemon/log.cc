#include "daemon/log.h"

#include <utility>

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
    : options_(options), outbox_(std::make_unique<Outbox>(open_transport(options))) {
    if (options.low_fd && !is_same_stream(*options.low_fd, options.fd)) {
        low_outbox_ = std::make_unique<Outbox>(open_stream(*options.low_fd));
    }
}

void Log::attach(EventLoop& loop) {
    outbox_->attach(loop);
    if (low_outbox_) low_outbox_->attach(loop);
}

Outbox* Log::outbox_of(int fd) {
    if (options_.format == LogFormat::syslog) return nullptr;
    if (is_same_stream(options_.fd, fd)) return outbox_.get();
    const bool is_low = low_outbox_ && is_same_stream(*options_.low_fd, fd);
    return is_low ? low_outbox_.get() : nullptr;
}

void Log::write(const Record& record, Instant now) {
    if (!accepts(record.level)) return;
    const std::uint64_t lost = dropped();
    std::string text = line(record, now);
    if (lost != dropped_told_ && outbox_->has_room()) {
        Record told{Level::warning, "log-lines-dropped", {}, {}, 0};
        told.fields.push_back({"count", static_cast<std::int64_t>(lost - dropped_told_)});
        if (outbox_->push(line(told, now))) dropped_told_ = lost;
    }
    const bool is_low = low_outbox_ && record.level > Level::warning;
    (is_low ? low_outbox_ : outbox_)->push(std::move(text));
}

void Log::finish(std::chrono::milliseconds patience) {
    if (low_outbox_) low_outbox_->finish(patience / 2);
    outbox_->finish(low_outbox_ ? patience / 2 : patience);
}

std::uint64_t Log::dropped() const {
    return outbox_->dropped() + (low_outbox_ ? low_outbox_->dropped() : 0);
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
