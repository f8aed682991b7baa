#include "engine/passes.h"

#include <algorithm>

namespace cron::engine {

void Passes::open(Pass number, bool fixed_too, Instant at) {
    wildcard_ = number;
    if (fixed_too) fixed_ = number;
    // One that goes back as far makes those before it count no more.
    std::erase_if(begins_, [&](const Begin& begin) {
        return begin.at >= at && (fixed_too || !begin.fixed_too);
    });
    begins_.push_back({number, fixed_too, at});
    if (begins_.size() > kPassesKept) begins_.erase(begins_.begin());
}

Instant Passes::taken_back(bool is_wildcard, Pass in, Instant reached) const {
    for (const Begin& begin : begins_) {
        const bool concerns = begin.number > in && (is_wildcard || begin.fixed_too);
        if (concerns) reached = std::min(reached, begin.at);
    }
    return reached;
}

}  // namespace cron::engine
