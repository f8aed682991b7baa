#include "spool/permission.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "spool/file.h"

namespace cron::spool {
namespace {

// A user a line, without the blanks round it, or the CR of another system's editor.
bool lists(std::string_view text, std::string_view user) {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (trim_blanks(line) == user) return true;
    }
    return false;
}

// None: there is no such file.
Checked<std::optional<std::string>> read_list(const std::string& path) {
    std::vector<Watched> steps;
    const UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    auto found = find({root.get(), "/"}, path, Links::followed, 0, steps);
    if (!found) {
        // A link that leads nowhere is no missing file: the list is elsewhere, and gone for now.
        struct stat status {};
        const bool is_missing = lstat(path.c_str(), &status) != 0;
        if (found.error().trouble == Trouble::gone && is_missing) return std::nullopt;
        return tl::unexpected<Problem>(std::move(found.error()));
    }
    Rules rules;
    rules.place = Place::argument;
    rules.noun = "a list of users";
    auto content = read_table(*found, rules);
    if (content) return std::move(content->text);
    if (content.error().trouble == Trouble::gone) return std::nullopt;
    return tl::unexpected<Problem>(std::move(content.error()));
}

tl::unexpected<Error> refusal(std::string_view user, std::string_view reason) {
    return failure(ErrorCode::denied,
                   fmt::format("you ({}) are not allowed to use this program (crontab): {}",
                               printable(user), reason));
}

tl::unexpected<Error> unreadable(std::string_view user, const std::string& path,
                                 const Problem& problem) {
    return refusal(user, fmt::format("{} cannot be read: {}", printable(path), problem.detail));
}

}  // namespace

Result<void> may_use_crontab(const PermissionFiles& files, std::string_view user, bool is_root,
                             crontab::Flavour flavour) {
    if (is_root) return {};
    const auto allow = read_list(files.allow);
    if (!allow) return unreadable(user, files.allow, allow.error());
    if (*allow) {
        if (lists(**allow, user)) return {};
        return refusal(user, fmt::format("not listed in {}", printable(files.allow)));
    }
    const auto deny = read_list(files.deny);
    if (!deny) return unreadable(user, files.deny, deny.error());
    if (*deny) {
        if (!lists(**deny, user)) return {};
        return refusal(user, fmt::format("listed in {}", printable(files.deny)));
    }
    switch (flavour) {
        case crontab::Flavour::debian:
            return {};
        case crontab::Flavour::cronie:
            break;
    }
    return refusal(user, fmt::format("there is neither {} nor {}, so root alone is",
                                     printable(files.allow), printable(files.deny)));
}

}  // namespace cron::spool
