#include "daemon/passed_variables.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace cron::daemon {
namespace {

// Source: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5). A job that took
// them for its own would answer in crond's name, or take its descriptors for others.
constexpr std::array<std::string_view, 9> kOfCrondAlone = {
    "INVOCATION_ID", "JOURNAL_STREAM",   "LISTEN_FDNAMES", "LISTEN_FDS",   "LISTEN_PID",
    "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "WATCHDOG_PID",   "WATCHDOG_USEC"};
constexpr std::array<std::string_view, 3> kOfItsUser = {"HOME", "LOGNAME", "USER"};

std::string_view name_of(std::string_view variable) {
    return variable.substr(0, variable.find('='));
}

template <class Names>
bool has(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

PassedVariables pass_variables(bool all, std::span<const std::string> names,
                               std::span<const std::string> own, uid_t own_uid) {
    PassedVariables passed;
    passed.own_uid = own_uid;
    passed.unset.assign(names.begin(), names.end());
    for (const std::string& variable : own) {
        const std::string_view name = name_of(variable);
        std::erase(passed.unset, name);
        if (all ? has(kOfCrondAlone, name) : !has(names, name)) continue;
        passed.to_own_user.push_back(variable);
        if (!has(kOfItsUser, name)) passed.to_others.push_back(variable);
    }
    return passed;
}

}  // namespace cron::daemon
