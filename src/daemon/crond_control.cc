// The daemon and those who talk to it over its socket.
#include <sys/epoll.h>

#include "daemon/crond.h"
#include "daemon/facts.h"

namespace cron::daemon {

// Jobs run without it, too.
Result<void> Crond::open_control(const calendar::Zone& zone) {
    auto reading = spool_settings(setting_, zone);
    if (!reading) return tl::unexpected(reading.error());
    reading->flavour = config_.flavour;
    const Paths& paths = setting_.paths;
    auto control = Control::open(paths.control_socket, "belfry " + setting_.version,
                                 {{paths.crontabs, paths.previous_tables},
                                  {paths.cron_allow, paths.cron_deny},
                                  *std::move(reading)},
                                 inherited_ ? inherited_->descriptor(kControlSocket) : UniqueFd());
    if (!control) {
        write(said(Level::warning, "no-control",
                   "users cannot change their tables: " + control.error().message));
        return {};
    }
    control_ = *std::move(control);
    return watch(control_->fd(), &Crond::on_control);
}

// Once the tables are read: so a probe learns of that too.
void Crond::open_pulse() {
    const auto name = pulse_name();
    auto pulse = name ? Pulse::open(*name) : tl::unexpected(name.error());
    Result<void> opened;
    if (pulse) {
        pulse_ = *std::move(pulse);
        opened = watch(pulse_->fd(), &Crond::on_pulse);
    } else {
        opened = tl::unexpected(pulse.error());
    }
    if (!opened) write(said(Level::info, "no-pulse", opened.error().message));
}

void Crond::on_control() {
    const Control::News news = control_->take();
    for (const Record& record : news.records) write(record);
    if (!news.have_tables_changed) return;
    tables_->soon();
    arm();
}

void Crond::stop_control() {
    constexpr seconds kAnswerWait{2};
    if (!control_) return;
    control_->stop(kAnswerWait);
    for (const Record& record : control_->take().records) write(record);
}

}  // namespace cron::daemon
