#include "daemon/metrics_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/listener.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/unique_fd.h"
#include "compat/metrics.h"

namespace cron::daemon {
namespace {

constexpr int kBacklog = 16;
constexpr timeval kAcceptPause{1, 0};  // where there is no descriptor for one more
constexpr int kHeaderBytesMax = 8 << 10;
constexpr int kBodyBytesMax = 1 << 10;

template <auto release>
struct Release {
    template <class T>
    void operator()(T* held) const {
        release(held);
    }
};
using Base = std::unique_ptr<event_base, Release<event_base_free>>;
using Http = std::unique_ptr<evhttp, Release<evhttp_free>>;
using Event = std::unique_ptr<event, Release<event_free>>;
using Buffer = std::unique_ptr<evbuffer, Release<evbuffer_free>>;
using Addresses = std::unique_ptr<addrinfo, Release<freeaddrinfo>>;

std::string text_of(const compat::ListenAddress& address) {
    return address.host.find(':') == std::string::npos
               ? fmt::format("{}:{}", address.host, address.port)
               : fmt::format("[{}]:{}", address.host, address.port);
}

// Of all addresses IPv6's comes first, where the kernel has it, and takes IPv4 too.
Result<Addresses> find_addresses(const compat::ListenAddress& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    int error = EAI_FAMILY;
    for (const int family : {AF_INET6, AF_UNSPEC}) {
        if (family == AF_INET6 && !address.host.empty()) continue;
        hints.ai_family = family;
        const UniqueFd probe(
            ::socket(family == AF_INET6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (family == AF_INET6 && !probe) continue;
        error = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                              address.port.c_str(), &hints, &found);
        if (error == 0) return Addresses(found);
    }
    return failure(ErrorCode::not_found,
                   fmt::format("listen on {}: {}", text_of(address), ::gai_strerror(error)));
}

Result<UniqueFd> listen_on(const compat::ListenAddress& address) {
    const auto addresses = find_addresses(address);
    if (!addresses) return tl::unexpected(addresses.error());
    const addrinfo& first = **addresses;
    const auto failed = [&](const char* call) {
        return system_failure(errno, call, text_of(address));
    };
    UniqueFd fd(::socket(first.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return failed("socket");
    const int yes = 1;
    const int no = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (first.ai_family == AF_INET6 && address.host.empty()) {
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    }
    if (::bind(fd.get(), first.ai_addr, first.ai_addrlen) != 0) return failed("bind");
    if (::listen(fd.get(), kBacklog) != 0) return failed("listen");
    return fd;
}

void reply(evhttp_request* request, std::string_view type, std::string_view text) {
    const Buffer buffer(evbuffer_new());
    if (!buffer) return evhttp_send_error(request, HTTP_INTERNAL, nullptr);
    evbuffer_add(buffer.get(), text.data(), text.size());
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
                      std::string(type).c_str());
    evhttp_send_reply(request, HTTP_OK, "OK", buffer.get());
}

}  // namespace

// All but what is said otherwise is the thread's.
class MetricsServer::State {
  public:
    static Result<std::unique_ptr<State>> create(const compat::ListenAddress& address) {
        auto listener = listen_on(address);
        if (!listener) return tl::unexpected(listener.error());
        std::unique_ptr<State> state(new State);
        state->asked_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        state->answered_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!state->asked_ || !state->answered_) return system_failure(errno, "eventfd", "");
        if (!state->open(*std::move(listener))) {
            return failure(ErrorCode::system, "the server of metrics cannot be made");
        }
        try {
            state->thread_ = std::thread([self = state.get()] { self->run(); });
        } catch (const std::system_error& error) {
            return system_failure(error.code().value(), "start a thread", "for metrics");
        }
        return state;
    }

    ~State() {
        if (!thread_.joinable()) return;
        is_stopping_ = true;
        ::eventfd_write(answered_.get(), 1);
        thread_.join();
    }

    // For the loop.
    int fd() const { return asked_.get(); }
    void answer(std::string text) {
        eventfd_t count = 0;
        ::eventfd_read(asked_.get(), &count);
        {
            const std::lock_guard lock(mutex_);
            text_ = std::move(text);
        }
        ::eventfd_write(answered_.get(), 1);
    }

  private:
    State() = default;

    bool open(UniqueFd fd) {
        base_.reset(event_base_new());
        if (!base_) return false;
        http_.reset(evhttp_new(base_.get()));
        answer_event_.reset(event_new(
            base_.get(), answered_.get(), EV_READ | EV_PERSIST,
            [](evutil_socket_t, short, void* self) { static_cast<State*>(self)->on_answer(); },
            this));
        if (!http_ || !answer_event_ || event_add(answer_event_.get(), nullptr) != 0) return false;
        evhttp_set_timeout(http_.get(), kMetricsTimeoutS);
        evhttp_set_max_headers_size(http_.get(), kHeaderBytesMax);
        evhttp_set_max_body_size(http_.get(), kBodyBytesMax);
        evhttp_set_gencb(
            http_.get(),
            [](evhttp_request* request, void* self) {
                static_cast<State*>(self)->on_request(request);
            },
            this);
        evhttp_set_bevcb(
            http_.get(),
            [](event_base*, void* self) { return static_cast<State*>(self)->connected(); }, this);
        listener_ = evconnlistener_new(base_.get(), nullptr, nullptr,
                                       LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd.get());
        if (listener_ == nullptr) return false;
        evconnlistener_set_error_cb(listener_, [](evconnlistener* listener, void*) {
            // Whoever waits is there still: without a pause this would come again at once.
            evconnlistener_disable(listener);
            event_base_once(
                evconnlistener_get_base(listener), -1, EV_TIMEOUT,
                [](evutil_socket_t, short, void* paused) {
                    evconnlistener_enable(static_cast<evconnlistener*>(paused));
                },
                listener, &kAcceptPause);
        });
        fd.release();
        return evhttp_bind_listener(http_.get(), listener_) != nullptr;
    }

    void run() {
        event_base_dispatch(base_.get());
        // Connections end here, while what they count in is still there.
        answer_event_.reset();
        http_.reset();
        base_.reset();
    }

    struct Connection {
        State& state;
        bufferevent* socket;
        bufferevent* filter = nullptr;
        Event flush{};  // when there is something to hand on

        // One that evhttp has let go of, and that ends soon, has no callbacks.
        void hand_on_all() const {
            bufferevent_data_cb written = nullptr;
            bufferevent_getcb(filter, nullptr, &written, nullptr, nullptr);
            if (written != nullptr) bufferevent_flush(filter, EV_WRITE, BEV_NORMAL);
        }
    };

    // libevent has no bound on connections, and tells of their ends only where they are filters.
    bufferevent* connected() {
        bufferevent* const socket = bufferevent_socket_new(base_.get(), -1, BEV_OPT_CLOSE_ON_FREE);
        auto connection = std::make_unique<Connection>(Connection{*this, socket});
        connection->flush.reset(event_new(
            base_.get(), -1, 0,
            [](evutil_socket_t, short, void* self) {
                static_cast<Connection*>(self)->hand_on_all();
            },
            connection.get()));
        if (!connection->flush) return nullptr;
        bufferevent* const filter = bufferevent_filter_new(
            // Deferred: evhttp goes on with a connection that a callback of the filter has freed.
            socket, nullptr, hand_on, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS,
            [](void* ended) {
                const std::unique_ptr<Connection> owned(static_cast<Connection*>(ended));
                owned->state.disconnected();
            },
            connection.get());
        if (filter == nullptr) return nullptr;
        connection->filter = filter;
        // evhttp lets a filter write only after it has filled it, and then nothing hands on what is
        // there: neither our answers nor its refusals.
        evbuffer_add_cb(
            bufferevent_get_output(filter),
            [](evbuffer*, const evbuffer_cb_info* change, void* self) {
                if (change->n_added == 0) return;
                event_active(static_cast<Connection*>(self)->flush.get(), EV_WRITE, 0);
            },
            connection.get());
        static_cast<void>(connection.release());
        if (++connections_ >= kMetricsConnectionsMax) evconnlistener_disable(listener_);
        return filter;
    }

    // evhttp closes a connection as soon as nothing is left before its filter: what comes last must
    // be with the kernel then, and not wait behind the filter.
    static bufferevent_filter_result hand_on(evbuffer* from, evbuffer* to, ev_ssize_t,
                                             bufferevent_flush_mode, void* self) {
        if (evbuffer_get_length(to) > 0) return BEV_NEED_MORE;
        const auto* const connection = static_cast<Connection*>(self);
        const int sent = evbuffer_write(from, bufferevent_getfd(connection->socket));
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return BEV_ERROR;
        const std::size_t left = evbuffer_get_length(from);
        if (left == 0) return BEV_OK;
        // The other side has us told when there is room. One byte stays on this one: with nothing
        // left here evhttp would close too early. (A last byte alone has to go.)
        evbuffer_remove_buffer(from, to, left > 1 ? left - 1 : left);
        return BEV_OK;
    }

    void disconnected() {
        if (connections_-- == kMetricsConnectionsMax && !is_stopping_) {
            evconnlistener_enable(listener_);
        }
    }

    void on_request(evhttp_request* request) {
        const char* const path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
        const std::string_view asked = path == nullptr ? "" : path;
        if (asked == "/metrics") {
            waiting_.push_back(request);
            ::eventfd_write(asked_.get(), 1);
        } else if (asked == "/health") {
            reply(request, "text/plain; charset=utf-8", "OK");
        } else {
            reply(request, "text/html; charset=utf-8",
                  "<html><head><title>crond</title></head><body><h1>crond</h1>"
                  "<p><a href=\"/metrics\">Metrics</a></p></body></html>\n");
        }
    }

    // Requests whose client has gone are ours until they are answered too.
    void on_answer() {
        eventfd_t count = 0;
        ::eventfd_read(answered_.get(), &count);
        if (is_stopping_) {
            event_base_loopbreak(base_.get());
            return;
        }
        std::string text;
        {
            const std::lock_guard lock(mutex_);
            text = text_;
        }
        for (evhttp_request* const request : std::exchange(waiting_, {})) {
            reply(request, compat::kMetricsType, text);
        }
    }

    UniqueFd asked_, answered_;
    Base base_;
    Http http_;
    Event answer_event_;
    evconnlistener* listener_ = nullptr;  // http_'s
    int connections_ = 0;
    std::vector<evhttp_request*> waiting_;
    std::mutex mutex_;
    std::string text_;  // under mutex_
    std::atomic<bool> is_stopping_ = false;
    std::thread thread_;
};

MetricsServer::MetricsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricsServer::~MetricsServer() = default;

Result<std::unique_ptr<MetricsServer>> MetricsServer::create(const compat::ListenAddress& address) {
    auto state = State::create(address);
    if (!state) return tl::unexpected(state.error());
    return std::unique_ptr<MetricsServer>(new MetricsServer(*std::move(state)));
}

int MetricsServer::fd() const { return state_->fd(); }

void MetricsServer::answer(std::string text) { state_->answer(std::move(text)); }

}  // namespace cron::daemon
