#include "daemon/pam.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string_view>

#include <fmt/format.h>

namespace cron::daemon {
namespace {

constexpr std::string_view kFolder = "/etc/pam.d";

// As the crons that it stands for call theirs.
std::string_view service_name(crontab::Flavour flavour) {
    switch (flavour) {
        case crontab::Flavour::debian:
            return "cron";
        case crontab::Flavour::cronie:
            return "crond";
    }
    return "cron";
}

// Modules run with all that may be had here, whatever crond itself has dropped.
bool may_be_had(int capability) { return ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1; }

// "         0          0 4294967295": all users are what they are outside.
bool is_user_namespace() {
    std::ifstream file("/proc/self/uid_map");
    std::uint64_t inside = 0, outside = 0, count = 0;
    if (!(file >> inside >> outside >> count)) return false;
    return inside != 0 || outside != 0 || count != 0xFFFF'FFFFU;
}

}  // namespace

std::optional<process::PamService> find_pam_service(const Config& config, const std::string& root) {
    if (config.pam == Pam::no) return std::nullopt;
    process::PamService service{std::string(service_name(config.flavour)), {}};
    const std::string folder = fmt::format("{}{}", root, kFolder);
    const bool is_there = ::access(fmt::format("{}/{}", folder, service.name).c_str(), F_OK) == 0;
    if (config.pam == Pam::automatic && !is_there) return std::nullopt;
    // Where libpam looks there may be more than one folder.
    if (!root.empty()) service.folder = folder;
    return service;
}

std::string pam_advice(const process::PamService& service) {
    std::string withheld;
    if (!may_be_had(CAP_AUDIT_CONTROL)) {
        withheld += " this machine withholds CAP_AUDIT_CONTROL, which pam_loginuid needs;";
    }
    if (!may_be_had(CAP_SYS_RESOURCE)) {
        withheld += " this machine withholds CAP_SYS_RESOURCE, which pam_limits needs;";
    }
    if (withheld.empty() && is_user_namespace()) {
        withheld = " this is a user namespace, where pam_loginuid and pam_limits may fail;";
    }
    return fmt::format(
        "PAM refused a session: the module at fault has said why in the system's log "
        "(authpriv);{} take a module that cannot work here out of {}/{}, or write "
        "\"pam\": \"no\" in crond.json to do without PAM",
        withheld, service.folder.empty() ? kFolder : service.folder, service.name);
}

}  // namespace cron::daemon
