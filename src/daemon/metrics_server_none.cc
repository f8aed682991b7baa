// Built without libevent.
#include "daemon/metrics_server.h"

#include <utility>

namespace cron::daemon {

class MetricsServer::State {};

Result<std::unique_ptr<MetricsServer>> MetricsServer::create(const compat::ListenAddress&) {
    return failure(ErrorCode::invalid,
                   "-prometheus-listen-address is refused: this crond was built without metrics "
                   "(BELFRY_METRICS=OFF)");
}

MetricsServer::MetricsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricsServer::~MetricsServer() = default;

int MetricsServer::fd() const { return -1; }

// NOLINTNEXTLINE(performance-unnecessary-value-param): the other one keeps it
void MetricsServer::answer(std::string) {}

}  // namespace cron::daemon
