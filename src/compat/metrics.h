// supercronic's metrics, as Prometheus reads them. Pure.
// Source: the metrics of supercronic 0.2.45; Prometheus' text format, version 0.0.4.
#pragma once

#include <string>

#include "compat/jobs.h"

namespace cron::compat {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// Jobs that have not run yet are there with 0, so that who looks for their runs finds that there
// are none.
std::string metrics_text(const Jobs& jobs);

}  // namespace cron::compat
