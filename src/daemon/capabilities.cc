#include "daemon/capabilities.h"

#include <linux/securebits.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <memory>
#include <string>
#include <type_traits>

namespace cron::daemon {
namespace {

constexpr std::array<Capability, 5> kKept = {{
    {CAP_CHOWN, "CAP_CHOWN", "the output of a run is a file of its user"},
    {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE",
     "tables, output and kept mail are files of users, with mode 0600 and in folders of others; "
     "control groups may be a container's"},
    {CAP_FOWNER, "CAP_FOWNER",
     "files of users are removed from the sticky spool, and have their times set"},
    {CAP_KILL, "CAP_KILL", "what a user runs is told to end"},
    {CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE",
     "room for output is taken beyond a user's quota, and pipes for a burst beyond the limit of "
     "those of one user"},
}};

// Root may look at all others of /proc without it, but where they are hidden.
constexpr Capability kToFindHidden = {
    CAP_SYS_PTRACE, "CAP_SYS_PTRACE",
    "runs that go on from an earlier crond are known by what /proc says of their processes"};

// Whether /proc shows nothing of other users' processes. "proc /proc proc rw,hidepid=invisible 0 0"
bool are_processes_hidden() {
    constexpr std::string_view kOption = "hidepid=";
    std::ifstream mounts("/proc/self/mounts");
    std::string device, place, type, options, rest;
    bool is_hidden = false;
    while (mounts >> device >> place >> type >> options && std::getline(mounts, rest)) {
        if (place != "/proc") continue;  // of several the last is seen
        const std::size_t at = options.find(kOption);
        const std::string value =
            at == std::string::npos ? "off" : options.substr(at + kOption.size(), 3);
        is_hidden = value != "off" && !value.starts_with('0');
    }
    return is_hidden;
}

struct Free {
    void operator()(cap_t capabilities) const { cap_free(capabilities); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, Free>;

// Where an exec as root gives nothing back, what we drop is dropped for the jobs too.
std::string_view obstacle() {
    const int securebits = ::prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    if (securebits > 0 && (securebits & SECBIT_NOROOT) != 0) {
        return "jobs of root would lose their capabilities too (securebits: noroot)";
    }
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
        return "jobs of root would lose their capabilities too (no_new_privs)";
    }
    return {};
}

}  // namespace

std::span<const Capability> kept_capabilities() { return kKept; }

Result<void> drop_capabilities() {
    if (::geteuid() != 0) return {};
    if (const std::string_view why = obstacle(); !why.empty()) {
        return failure(ErrorCode::denied, std::string(why));
    }
    const Capabilities now(cap_get_proc());
    if (now == nullptr) return system_failure(errno, "capget", "");
    // What may be inherited stays: it is not ours.
    const Capabilities kept(cap_dup(now.get()));
    if (kept == nullptr) return system_failure(errno, "cap_dup", "");
    cap_clear_flag(kept.get(), CAP_EFFECTIVE);
    cap_clear_flag(kept.get(), CAP_PERMITTED);
    const auto keep = [&](const Capability& capability) {
        const cap_value_t number = capability.number;
        cap_flag_value_t is_ours = CAP_CLEAR;
        cap_get_flag(now.get(), number, CAP_PERMITTED, &is_ours);
        cap_set_flag(kept.get(), CAP_PERMITTED, 1, &number, is_ours);
        cap_set_flag(kept.get(), CAP_EFFECTIVE, 1, &number, is_ours);
    };
    for (const Capability& capability : kKept) keep(capability);
    if (are_processes_hidden()) keep(kToFindHidden);
    if (cap_set_proc(kept.get()) != 0) return system_failure(errno, "capset", "");
    return {};
}

}  // namespace cron::daemon
