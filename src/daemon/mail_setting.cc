#include "daemon/mail_setting.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>
#include <string>

namespace cron::daemon {
namespace {

std::string host_name() {
    std::array<char, HOST_NAME_MAX + 1> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

// With its domain, as far as the machine knows one.
std::string full_name_of(const std::string& host) {
    if (host.find('.') != std::string::npos) return host;
#ifdef BELFRY_STATIC
    return host;  // the resolver is in shared libraries
#else
    addrinfo wanted{};
    wanted.ai_flags = AI_CANONNAME;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return host;
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
    return found->ai_canonname == nullptr ? host : found->ai_canonname;
#endif
}

}  // namespace

Delivery::Settings mail_settings(const Setting& setting, bool change_user) {
    const Options& options = setting.options;
    const std::string host = host_name();
    Delivery::Settings settings;
    // The name up to the first dot, as the subject of cron's mail has always had it.
    settings.host = options.tells_full_host ? full_name_of(host) : host.substr(0, host.find('.'));
    settings.domain = host;
    settings.mailer = setting.paths.mailer;
    settings.mailer_command = options.mail_command;
    if (options.mail_command == kNoMail) {
        settings.mailer.clear();
        settings.mailer_command.clear();
    }
    settings.is_to_log = options.is_output_logged;
    settings.change_user = change_user;
    return settings;
}

}  // namespace cron::daemon
