#include "crontab/environment.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cron::crontab {
namespace {

// What an assignment takes in memory: a bound on the text alone would let a table of tiny ones grow
// tenfold.
std::size_t size_bytes(std::string_view name, std::string_view value) {
    return sizeof(Assignment) + name.size() + value.size();
}

}  // namespace

bool is_fixed_variable(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kNames = {
        "LOGNAME", "USER", "CRON_JOB", "CRON_RUN", "CRON_DUE", "CRON_ATTEMPT"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

const std::string* find(const Environment& environment, std::string_view name) {
    for (const Assignment& assignment : environment) {
        if (assignment.name == name) return &assignment.value;
    }
    return nullptr;
}

Result<void> EnvironmentBuilder::set(std::string_view name, std::string_view value) {
    const auto [place, is_new] = places_.try_emplace(std::string(name), current_.size());
    std::size_t bytes = current_bytes_ + size_bytes(name, value);
    if (!is_new) {
        const Assignment& old = current_[place->second];
        if (old.value == value) return {};
        bytes -= size_bytes(old.name, old.value);
    }
    if (bytes > kEnvironmentBytesMax) {
        if (is_new) places_.erase(place);
        return failure(ErrorCode::limit, fmt::format("the environment takes more than {} bytes",
                                                     kEnvironmentBytesMax));
    }
    if (is_new) current_.push_back({std::string(name), std::string()});
    current_[place->second].value = value;
    current_bytes_ = bytes;
    shared_ = nullptr;
    return {};
}

const std::string* EnvironmentBuilder::find(std::string_view name) const {
    const auto place = places_.find(name);
    return place == places_.end() ? nullptr : &current_[place->second].value;
}

Result<std::shared_ptr<const Environment>> EnvironmentBuilder::share() {
    if (shared_ == nullptr) {
        const std::size_t bytes = copied_bytes_ + sizeof(Environment) + current_bytes_;
        if (bytes > kEnvironmentsBytesMax) {
            return failure(ErrorCode::limit,
                           fmt::format("the environments of this table take more than {} bytes",
                                       kEnvironmentsBytesMax));
        }
        copied_bytes_ = bytes;
        shared_ = std::make_shared<const Environment>(current_);
    }
    return shared_;
}

}  // namespace cron::crontab
