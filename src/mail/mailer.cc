#include "mail/mailer.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::mail {
namespace {

constexpr std::size_t kShownBytesMax = 200;

tl::unexpected<Error> unsafe(std::string_view name, std::string_view value) {
    return failure(ErrorCode::invalid, fmt::format("{} '{}' is not a safe mail address", name,
                                                   printable(value.substr(0, kShownBytesMax))));
}

}  // namespace

bool is_safe_address(std::string_view address) {
    constexpr std::string_view kSafe = "@!:%-.,_+=/";
    if (address.empty() || (!is_alnum(address.front()) && address.front() != '_')) return false;
    return std::all_of(address.begin(), address.end(), [&](char c) {
        return is_alnum(c) || kSafe.find(c) != std::string_view::npos;
    });
}

bool is_mail_due(const crontab::Entry& entry, const engine::Outcome& outcome) {
    const bool has_output = outcome.printed.bytes > 0;
    switch (entry.policy->mail) {
        case crontab::MailWhen::output:
            return has_output;
        case crontab::MailWhen::failed_output:
            return has_output && !outcome.is_success();
        case crontab::MailWhen::failure:
            return !outcome.is_success();
        case crontab::MailWhen::always:
            return true;
        case crontab::MailWhen::never:
            return false;
    }
    return true;
}

Result<std::vector<std::string>> recipients(const crontab::Environment& environment,
                                            std::string_view owner) {
    const std::string* mailto = crontab::find(environment, "MAILTO");
    std::string_view rest = mailto == nullptr ? owner : trim_blanks(*mailto);
    const std::string_view name = mailto == nullptr ? "user" : "MAILTO";
    std::vector<std::string> addresses;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view address = trim_blanks(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (address.empty()) continue;
        if (!is_safe_address(address)) return unsafe(name, address);
        addresses.emplace_back(address);
    }
    return addresses;
}

Result<std::string> sender(const crontab::Environment& environment) {
    const std::string* from = crontab::find(environment, "MAILFROM");
    if (from == nullptr || from->empty()) return std::string();
    if (!is_safe_address(*from)) return unsafe("MAILFROM", *from);
    return *from;
}

std::vector<std::string> mailer_arguments(std::string_view mailer,
                                          const std::vector<std::string>& recipients) {
    std::vector<std::string> arguments = {std::string(mailer), "-FCronDaemon", "-i",
                                          "-B8BITMIME",        "-oem",         "--"};
    arguments.insert(arguments.end(), recipients.begin(), recipients.end());
    return arguments;
}

}  // namespace cron::mail
