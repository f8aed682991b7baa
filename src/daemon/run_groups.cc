#include "daemon/run_groups.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "crontab/settings.h"
#include "daemon/clock.h"
#include "daemon/facts.h"

namespace cron::daemon {
namespace {

// Beyond so many that something lives in, those that come are left to the next daemon.
constexpr std::size_t kLeftMax = 1'000;

std::string_view setting_of(process::Controller controller) {
    switch (controller) {
        case process::Controller::cpu:
            return crontab::kCpuSetting;
        case process::Controller::memory:
            return crontab::kMemorySetting;
        case process::Controller::pids:
            return crontab::kPidsSetting;
    }
    return "";
}

bool may_be_told_to_end(const crontab::Policy& policy) {
    return policy.timeout > seconds{0} || policy.overlap == crontab::Overlap::replace;
}

}  // namespace

std::map<std::string, std::string, std::less<>> unenforced(const process::CgroupTree& tree) {
    std::map<std::string, std::string, std::less<>> reasons;
    for (const process::Controller controller : process::kControllers) {
        const std::string& obstacle = tree.obstacle(controller);
        if (!obstacle.empty()) reasons.emplace(setting_of(controller), obstacle);
    }
    return reasons;
}

Result<std::unique_ptr<RunGroups>> RunGroups::create(EventLoop& loop, Log& log,
                                                     process::CgroupTree tree) {
    std::unique_ptr<RunGroups> groups(new RunGroups(loop, log, std::move(tree)));
    const std::string& obstacle = groups->tree_.obstacle();
    log.write(said(Level::debug, "control-groups",
                   obstacle.empty() ? "runs get control groups below " + groups->tree_.base()
                                    : "runs get no control groups: " + obstacle),
              read_clock().instant);
    if (!obstacle.empty()) return groups;
    if (auto watched = groups->watch(); !watched) {
        log.write(said(Level::warning, "not-watched",
                       "the groups of processes that outlive their run are removed by the next "
                       "crond only: " +
                           watched.error().message),
                  read_clock().instant);
    }
    for (process::Cgroup& group : groups->tree_.left_behind()) {
        groups->remove_when_empty(std::move(group));
    }
    return groups;
}

Result<void> RunGroups::watch() {
    notices_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!notices_) return system_failure(errno, "inotify_init1", "");
    auto watch = loop_.add(notices_.get(), EPOLLIN, [this](std::uint32_t) { read_notices(); });
    if (!watch) return tl::unexpected(watch.error());
    watch_ = *std::move(watch);
    return {};
}

UniqueFd RunGroups::make(const engine::Spawn& spawn) {
    const crontab::Policy& policy = *spawn.entry->policy;
    const bool is_limited =
        std::any_of(process::kControllers.begin(), process::kControllers.end(), [&](auto each) {
            return process::is_limited(policy.launch.limits, each) && tree_.obstacle(each).empty();
        });
    if (!tree_.obstacle().empty() || (!is_limited && !may_be_told_to_end(policy))) return {};
    auto group = tree_.make();
    auto entrance = group ? group->entrance() : tl::unexpected(group.error());
    if (!entrance) {
        const bool is_news = is_limited || !std::exchange(told_of_failure_, true);
        if (is_news) {
            log_.write(run_ungrouped(spawn, entrance.error().message, 0), read_clock().instant);
        }
        return {};
    }
    limit(spawn, *group);
    groups_.insert_or_assign(spawn.run, Group{*std::move(group), {}});
    return *std::move(entrance);
}

void RunGroups::limit(const engine::Spawn& spawn, const process::Cgroup& group) {
    for (const auto& [controller, error] : tree_.limit(group, spawn.entry->policy->launch.limits)) {
        log_.write(setting_failed(spawn, setting_of(controller), error.system_errno, 0),
                   read_clock().instant);
    }
}

void RunGroups::adopt(const engine::Adopt& order, pid_t job) {
    const auto folder = tree_.folder_of(job);
    auto group = folder ? take_left(*folder) : std::nullopt;
    if (!group) return;
    limit({order.run, order.key, order.attempt, engine::Cause::schedule, order.entry}, *group);
    groups_.insert_or_assign(order.run, Group{*std::move(group), {}});
}

std::optional<process::Cgroup> RunGroups::take_left(const std::string& path) {
    const auto is_it = [&](const auto& left) { return left.second.path() == path; };
    const auto found = std::find_if(left_.begin(), left_.end(), is_it);
    if (found == left_.end()) return std::nullopt;
    ::inotify_rm_watch(notices_.get(), found->first);
    process::Cgroup group = std::move(found->second);
    left_.erase(found);
    return group;
}

std::vector<HandedGroup> RunGroups::hand_over() const {
    std::vector<HandedGroup> groups;
    for (const auto& [kill_at, group] : doomed_) groups.push_back({group.path(), kill_at});
    return groups;
}

void RunGroups::take_over(const std::vector<HandedGroup>& groups) {
    for (const HandedGroup& handed : groups) {
        if (auto group = take_left(handed.path)) doomed_.emplace(handed.kill_at, *std::move(group));
    }
}

void RunGroups::signal(const engine::Signal& order) {
    const auto found = groups_.find(order.run);
    if (found == groups_.end()) return;
    if (order.signal == SIGKILL) kill(found->second.cgroup);
    if (order.kill_after > microseconds{0}) {
        const Monotonic kill_at = read_clock().monotonic + order.kill_after;
        found->second.kill_at = std::min(found->second.kill_at.value_or(kill_at), kill_at);
    }
}

void RunGroups::kill(const process::Cgroup& group) {
    if (const auto killed = group.kill(); !killed) {
        log_.write(said(Level::error, "signal-failed", killed.error().message),
                   read_clock().instant);
    }
}

void RunGroups::ended(const engine::Spawn& spawn) {
    auto taken = groups_.extract(spawn.run);
    if (taken.empty()) return;
    Group group = std::move(taken.mapped());
    if (const std::uint64_t kills = group.cgroup.memory_kills(); kills > 0) {
        log_.write(run_out_of_memory(spawn, kills), read_clock().instant);
    }
    if (group.cgroup.remove()) return;
    if (group.kill_at) {
        doomed_.emplace(*group.kill_at, std::move(group.cgroup));
    } else {
        remove_when_empty(std::move(group.cgroup));
    }
}

void RunGroups::remove_when_empty(process::Cgroup group) {
    if (left_.size() >= kLeftMax) return;
    // Watched before it is tried: what ends meanwhile is noticed.
    const int notice = ::inotify_add_watch(notices_.get(), group.events_file().c_str(), IN_MODIFY);
    if (!group.remove()) {
        if (notice >= 0) left_.emplace(notice, std::move(group));
    } else if (notice >= 0) {
        ::inotify_rm_watch(notices_.get(), notice);
    }
}

void RunGroups::read_notices() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    while (::read(notices_.get(), buffer.data(), buffer.size()) > 0) {
    }
    // Few are left, and which of them is told does not matter: some notices may be lost.
    for (auto left = left_.begin(); left != left_.end();) {
        const int notice = left->first;
        const bool is_gone = left->second.remove();
        left = is_gone ? left_.erase(left) : std::next(left);
        if (is_gone) ::inotify_rm_watch(notices_.get(), notice);
    }
}

std::optional<Monotonic> RunGroups::deadline() const {
    if (doomed_.empty()) return std::nullopt;
    return doomed_.begin()->first;
}

void RunGroups::expire(Monotonic now) {
    while (!doomed_.empty() && doomed_.begin()->first <= now) {
        process::Cgroup group = std::move(doomed_.begin()->second);
        doomed_.erase(doomed_.begin());
        if (group.remove()) continue;
        kill(group);
        remove_when_empty(std::move(group));
    }
}

void RunGroups::leave() { tree_.release(); }

}  // namespace cron::daemon
