#include "spool/rules.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::spool {
namespace {

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

std::string_view type_name(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISLNK(mode)) return "a symbolic link";
    return "a device";
}

Problem refused(std::string event, std::string detail) {
    return Problem{Trouble::refused, std::move(event), std::move(detail)};
}

// What package managers and editors leave beside a file is never a table.
std::optional<std::string> leftover_violation(std::string_view name) {
    constexpr std::array<std::string_view, 8> kSuffixes = {".dpkg-old", ".dpkg-new", ".dpkg-dist",
                                                           ".dpkg-tmp", ".dpkg-bak", ".rpmsave",
                                                           ".rpmorig",  ".rpmnew"};
    for (const std::string_view suffix : kSuffixes) {
        if (name.ends_with(suffix)) {
            return fmt::format("names that end in '{}' are left over from packages", suffix);
        }
    }
    if (name.ends_with('~')) return "names that end in '~' are an editor's backups";
    return std::nullopt;
}

bool is_run_parts_character(char c) { return is_alnum(c) || c == '_' || c == '-'; }
bool is_small(char c) { return is_lower(c) || is_digit(c); }

// name = small { small | "-" } | part "-" { part "-" } small { small }; part of small, "_" and "."
bool is_lsb_name(std::string_view name) {
    const auto is_assigned = [](char c) { return is_small(c) || c == '-'; };
    const auto is_part = [](char c) { return is_small(c) || c == '_' || c == '.' || c == '-'; };
    if (name.empty() || name.front() == '-') return false;
    if (std::all_of(name.begin(), name.end(), is_assigned)) return true;
    const std::size_t last = name.rfind('-') + 1;
    return last != 0 && last != name.size() && name.find("--") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), is_part) &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(last), name.end(), is_small);
}

}  // namespace

bool is_trusted(uid_t owner, uid_t trusted) { return owner == 0 || owner == trusted; }

std::optional<Problem> violation(const struct stat& status, const Rules& rules) {
    if (!S_ISREG(status.st_mode)) {
        return Problem{Trouble::not_a_file, "NOT REGULAR",
                       fmt::format("it is {}, and {} is a regular file", type_name(status.st_mode),
                                   rules.noun)};
    }
    if (rules.place == Place::argument || rules.permits_any) return std::nullopt;
    const bool of_user = rules.place == Place::user_folder;
    if (!is_trusted(status.st_uid, rules.trusted) && !(of_user && status.st_uid == rules.user)) {
        return refused("WRONG FILE OWNER",
                       of_user ? fmt::format("its owner is uid {}, and must be uid {} or root",
                                             status.st_uid, rules.user)
                               : fmt::format("its owner is uid {}, and must be {}", status.st_uid,
                                             rules.trusted == 0
                                                 ? std::string("root")
                                                 : fmt::format("uid {} or root", rules.trusted)));
    }
    if ((status.st_mode & kWritableByOthers) != 0) {
        return refused(
            of_user ? "INSECURE MODE (mode 0600 expected)" : "INSECURE MODE (group/other writable)",
            fmt::format("its mode is {:04o}, and only its owner may write to it",
                        status.st_mode & 07777U));
    }
    if (of_user && status.st_nlink != 1) {
        return refused("NUMBER OF HARD LINKS > 1",
                       fmt::format("it has {} hard links, and must have one", status.st_nlink));
    }
    return std::nullopt;
}

std::optional<std::string> name_violation(std::string_view name, crontab::FileNames names) {
    if (auto leftover = leftover_violation(name)) return leftover;
    switch (names) {
        case crontab::FileNames::run_parts: {
            const auto bad = std::find_if_not(name.begin(), name.end(), is_run_parts_character);
            if (bad == name.end()) return std::nullopt;
            return fmt::format(
                "its name has a '{}', and names of tables here are of letters, digits, '_' and '-'",
                printable(std::string_view(&*bad, 1)));
        }
        case crontab::FileNames::lsb:
            if (is_lsb_name(name)) return std::nullopt;
            return "its name is none of the LSB's: small letters, digits and '-', or such names "
                   "with '_' and '.' too, joined by '-'";
        case crontab::FileNames::any:
            if (name.starts_with('.') || name.starts_with('#')) {
                return fmt::format("names that begin with '{}' are no tables", name.front());
            }
            return std::nullopt;
    }
    return std::nullopt;
}

bool is_silent_name(std::string_view name, Place place) {
    if (name == "." || name == "..") return true;
    switch (place) {
        case Place::user_folder:
            return name.starts_with('.') || name.starts_with("tmp.");
        case Place::system_folder:
            return name == ".placeholder";
        case Place::system_table:
        case Place::argument:
            return false;
    }
    return false;
}

}  // namespace cron::spool
