#include "daemon/control.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "control/codec.h"
#include "control/server.h"
#include "daemon/facts.h"

namespace cron::daemon {

static_assert(control::kTextBytesMax >= crontab::kTableBytesMax, "every table can be sent");

class Control::State {
  public:
    State(UniqueFd event, std::string release, TableDesk::Settings settings)
        : event_(std::move(event)), release_(std::move(release)), desk_(std::move(settings)) {}

    Result<void> open(const control::ServerSettings& settings, UniqueFd listening) {
        auto server = control::Server::open(
            settings, [this](const control::Asking& asking) { return answer(asking); },
            [this](const Error& error) {
                tell(said(Level::warning, "control-stalled",
                          "nobody can connect for a while: " + error.message));
            },
            std::move(listening));
        if (!server) return tl::unexpected(server.error());
        server_.emplace(*std::move(server));
        return {};
    }

    int fd() const { return event_.get(); }
    TableDesk& desk() { return desk_; }
    control::Server& server() { return *server_; }

    News take() {
        std::uint64_t count = 0;
        if (::read(event_.get(), &count, sizeof count) < 0) return {};
        const std::lock_guard lock(mutex_);
        if (const std::size_t lost = std::exchange(records_lost_, 0); lost > 0) {
            news_.records.push_back(said(Level::warning, "control-lines-lost",
                                         fmt::format("{} lines on requests were lost", lost)));
        }
        return std::exchange(news_, {});
    }

  private:
    std::string answer(const control::Asking& asking) {
        const auto request = control::decode_request(asking.line, release_);
        if (!request) return encode(control::Answer(tl::unexpected(request.error())));
        if (std::holds_alternative<control::Hello>(*request)) {
            return encode(control::Welcome{release_, control::all_requests()});
        }
        TableDesk::Served served =
            desk_.serve(asking.peer, std::get<control::Request>(*request), asking.has_gone);
        if (served.record) tell(*std::move(served.record), served.has_changed);
        return encode(served.answer);
    }

    void tell(Record record, bool have_tables_changed = false) {
        const std::lock_guard lock(mutex_);
        if (news_.records.size() < kControlRecordsMax) {
            news_.records.push_back(std::move(record));
        } else {
            ++records_lost_;
        }
        news_.have_tables_changed = news_.have_tables_changed || have_tables_changed;
        const std::uint64_t one = 1;
        // Fails only where it is readable already.
        if (::write(event_.get(), &one, sizeof one) < 0) return;
    }

    UniqueFd event_;
    const std::string release_;
    TableDesk desk_;

    std::mutex mutex_;
    News news_;
    std::size_t records_lost_ = 0;

    std::optional<control::Server> server_;  // last: its threads use all else
};

Control::Control(std::unique_ptr<State> state) : state_(std::move(state)) {}
Control::~Control() = default;

Result<std::unique_ptr<Control>> Control::open(const std::string& socket, std::string release,
                                               TableDesk::Settings settings, UniqueFd listening) {
    UniqueFd event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!event) return system_failure(errno, "eventfd", "");
    control::ServerSettings server;
    server.path = socket;
    server.master = settings.reading.trusted;
    auto state = std::make_unique<State>(std::move(event), std::move(release), std::move(settings));
    if (auto opened = state->open(server, std::move(listening)); !opened)
        return tl::unexpected(opened.error());
    return std::unique_ptr<Control>(new Control(std::move(state)));
}

int Control::fd() const { return state_->fd(); }

Control::News Control::take() { return state_->take(); }

void Control::set_flavour(crontab::Flavour flavour) { state_->desk().set_flavour(flavour); }

bool Control::pause(std::chrono::milliseconds patience) { return state_->server().pause(patience); }

Result<void> Control::go_on() { return state_->server().go_on(); }

int Control::listener_fd() const { return state_->server().listener_fd(); }

void Control::stop(std::chrono::milliseconds patience) { state_->server().stop(patience); }

}  // namespace cron::daemon
