// A load chart drawn with characters.
#pragma once

#include <string>

#include "calendar/zone.h"
#include "preview/load_chart.h"

namespace cron::ctl {

inline constexpr std::size_t kBusiestShown = 5;

// "Monday" is 0.
std::string_view day_name(std::size_t day);

struct ChartLook {
    bool has_utf8 = false;
    bool has_colours = false;
};

// A row a day and a column an hour, the scale, and the busiest minutes, as the clock of `zone`
// reads.
std::string draw(const preview::LoadChart& chart, const calendar::Zone& zone,
                 const ChartLook& look);

}  // namespace cron::ctl
