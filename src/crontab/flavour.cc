#include "crontab/flavour.h"

#include <algorithm>
#include <array>

namespace cron::crontab {
namespace {

// In the order of the enum.
constexpr std::array<Ways, 2> kWays = {{
    {
        .flavour = Flavour::debian,
        .name = "debian",
        .folds_backslashes = true,
        .keeps_blanks = true,
        .has_plain_sh = true,
        .file_names = FileNames::run_parts,
        .path = "/usr/bin:/bin",
        .is_open_without_lists = true,
        .ident = "cron",
        .job_ident = "CRON",
        .startup = "fork ok",
        .not_startup = "Skipping @reboot jobs -- not system startup",
        .end_action = "END",
        .unsafe_mail_action = "UNSAFE MAIL",
        .tells_pidfile = true,
        .tells_short_paths = true,
        .sender_form = "root (Cron Daemon)",
        .mailfrom_form = "{}",
        .is_bulk = false,
    },
    {
        .flavour = Flavour::cronie,
        .name = "cronie",
        .folds_backslashes = false,
        .keeps_blanks = false,
        .has_plain_sh = false,
        .file_names = FileNames::any,
        .path = "/usr/bin:/bin:/usr/sbin:/sbin",
        .is_open_without_lists = false,
        .ident = "crond",
        .job_ident = "CROND",
        .startup = "",
        .not_startup = "@reboot jobs will be run at computer's startup.",
        .end_action = "CMDEND",
        .unsafe_mail_action = "UNSAFE",
        .tells_pidfile = false,
        .tells_short_paths = false,
        .sender_form = "\"(Cron Daemon)\" <root>",
        .mailfrom_form = "\"(Cron Daemon)\" <{}>",
        .is_bulk = true,
    },
}};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kWays.size(); ++i) {
        if (static_cast<std::size_t>(kWays[i].flavour) != i) return false;
    }
    return true;
}
static_assert(is_in_order());

}  // namespace

const Ways& ways_of(Flavour flavour) { return kWays[static_cast<std::size_t>(flavour)]; }

std::optional<Flavour> find_flavour(std::string_view name) {
    const auto found = std::find_if(kWays.begin(), kWays.end(),
                                    [&](const Ways& ways) { return ways.name == name; });
    if (found == kWays.end()) return std::nullopt;
    return found->flavour;
}

}  // namespace cron::crontab
