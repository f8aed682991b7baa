#include "crontab/suspensions.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cron::crontab {

void Suspensions::begin(std::string_view setting, std::optional<std::size_t> place,
                        std::string message) {
    end(setting);
    suspensions_.push_back({setting, place, std::move(message), 0});
}

void Suspensions::end(std::string_view setting) {
    std::erase_if(suspensions_, [&](const Suspension& suspension) {
        if (suspension.setting != setting) return false;
        tell(suspension);
        return true;
    });
}

void Suspensions::end_all() {
    for (const Suspension& suspension : suspensions_) tell(suspension);
    suspensions_.clear();
}

bool Suspensions::holds(std::string_view setting) const {
    return std::any_of(suspensions_.begin(), suspensions_.end(),
                       [&](const Suspension& suspension) { return suspension.setting == setting; });
}

void Suspensions::count_entry() {
    for (Suspension& suspension : suspensions_) ++suspension.entries;
}

// The count is known only at the end.
void Suspensions::tell(const Suspension& suspension) {
    if (!suspension.place || suspension.entries == 0) return;
    const std::size_t count = suspension.entries;
    report_.amend(*suspension.place,
                  fmt::format("{}; the {} below it {} not run", suspension.message,
                              count == 1 ? "entry" : fmt::format("{} entries", count),
                              count == 1 ? "does" : "do"));
}

}  // namespace cron::crontab
