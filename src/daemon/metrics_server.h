// Metrics for who asks over HTTP, in a thread of its own: the loop is asked for the text, and waits
// for nobody. libevent speaks the protocol; without it (BELFRY_METRICS=OFF) there is no server.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "compat/address.h"

namespace cron::daemon {

inline constexpr int kMetricsConnectionsMax = 16;  // the next ones wait to be accepted
inline constexpr int kMetricsTimeoutS = 10;        // for a client that says nothing

class MetricsServer {
  public:
    // Listens. /metrics is the text, /health is OK, all else a page that points to it.
    static Result<std::unique_ptr<MetricsServer>> create(const compat::ListenAddress& address);
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    // Readable when somebody asks: call answer().
    int fd() const;
    // With what it is now. For the loop's thread.
    void answer(std::string text);

  private:
    class State;
    explicit MetricsServer(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace cron::daemon
