#include "spool/tables.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::spool {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

constexpr std::size_t index_of(Place place) { return static_cast<std::size_t>(place); }

std::string without_slashes_at_end(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

Links links_of(Place place) {
    switch (place) {
        case Place::user_folder:
            return Links::refused;
        case Place::system_table:
        case Place::system_folder:
            return Links::trusted;
        case Place::argument:
            break;
    }
    return Links::followed;
}

// The ident of log lines on a table, as Debian's cron has it.
std::string who_of(Place place, std::string_view name, const std::string& caller) {
    switch (place) {
        case Place::user_folder:
            return printable(name);
        case Place::system_table:
            return "*system*";
        case Place::system_folder:
            return fmt::format("*system*{}", printable(name));
        case Place::argument:
            break;
    }
    return caller;
}

std::string message_of(std::string_view event, std::string_view path, std::string_view detail) {
    return fmt::format("{} ({}): {}", event, printable(path), detail);
}

Problem unresolved_user(const std::string& name, UserAnswer::Kind kind) {
    if (kind == UserAnswer::Kind::unknown) {
        return {Trouble::unresolved, "ORPHAN (no passwd entry)",
                fmt::format("there is no user '{}'; the table waits for one", printable(name))};
    }
    return {Trouble::unresolved, "ORPHAN (user database does not answer)",
            fmt::format("user '{}' cannot be looked up now; the table waits until it can",
                        printable(name))};
}

// What is to be loaded whatever it says cannot be now: the next look must not take it for known.
template <class Seen>
void load_later(Seen& seen) {
    seen.hash.reset();
    seen.since_start = false;
}

}  // namespace

Tables::Tables(Settings settings) : settings_(std::move(settings)), users_(settings_.find_user) {
    Places& places = settings_.places;
    for (std::string* path : {&places.crontabs, &places.system_table, &places.system_folder}) {
        *path = without_slashes_at_end(std::move(*path));
    }
}

Changes Tables::scan(Instant now) {
    ++statistics_.scans;
    now_ = now;
    changes_ = {};
    watched_.clear();
    listed_.fill(false);
    scan_folder(Place::user_folder, settings_.places.crontabs);
    scan_system_table(settings_.places.system_table);
    scan_folder(Place::system_folder, settings_.places.system_folder);
    scan_arguments();
    drop_missing();
    const auto by_name = [](const Loaded& a, const Loaded& b) { return a.name < b.name; };
    std::sort(changes_.loaded.begin(), changes_.loaded.end(), by_name);
    std::sort(changes_.removed.begin(), changes_.removed.end());
    const auto by_path = [](const Notice& a, const Notice& b) { return a.path < b.path; };
    std::stable_sort(changes_.notices.begin(), changes_.notices.end(), by_path);
    return std::move(changes_);
}

Changes Tables::reload_all(Instant now, bool tell_again) {
    if (tell_again) {
        for (auto& [path, seen] : files_) seen.told.clear();
        told_of_folders_.clear();
    }
    reload_ = true;
    Changes changes = scan(now);
    reload_ = false;
    return changes;
}

void Tables::scan_folder(Place place, const std::string& path) {
    if (path.empty()) return;
    watched_.push_back({path, ""});
    watched_.push_back({std::string(folder_of(path)), std::string(name_of(path))});
    const OpenFolder listing(opendir(path.c_str()));
    if (!listing) return no_folder(place, path, errno);
    const Folder folder{dirfd(listing.get()), path};
    for (std::size_t files = 0;; ++files) {
        if (files > kFilesMax) {
            tell_of_folder(path,
                           {ErrorCode::limit, fmt::format("it has more than {} files", kFilesMax)});
            return;
        }
        errno = 0;
        const dirent* entry = readdir(listing.get());
        if (entry == nullptr && errno != 0) {
            tell_of_folder(path, system_failure(errno, "readdir", "").value());
            return;
        }
        if (entry == nullptr) break;
        if (!is_silent_name(entry->d_name, place)) scan_entry(place, folder, entry->d_name);
    }
    listed_[index_of(place)] = true;
    told_of_folders_.erase(path);
}

// What is not there has no tables; all else may pass.
void Tables::no_folder(Place place, const std::string& path, int error) {
    listed_[index_of(place)] = error == ENOENT;
    if (error != ENOENT) return tell_of_folder(path, system_failure(error, "open", "").value());
    told_of_folders_.erase(path);
}

void Tables::scan_entry(Place place, const Folder& folder, const std::string& name) {
    const std::string path = fmt::format("{}/{}", folder.path, name);
    if (place == Place::system_folder) {
        const auto names = settings_.has_lsb_names ? crontab::FileNames::lsb
                                                   : crontab::ways_of(settings_.flavour).file_names;
        if (const auto reason = name_violation(name, names)) {
            Seen& seen = files_[path];
            seen.place = place;
            seen.scan = statistics_.scans;
            // It was a table in the other flavour.
            seen.since_start = false;
            remove(path, seen);
            tell({crontab::Severity::warning, who_of(place, name, settings_.caller),
                  message_of("WRONG FILE NAME", path, *reason + "; ignored"), path},
                 "", seen.told);
            return;
        }
    }
    visit({place, folder, name, path});
}

void Tables::scan_system_table(const std::string& path) {
    if (path.empty()) return;
    const Folder holder{-1, std::string(folder_of(path))};
    const std::string name(name_of(path));
    watched_.push_back({holder.path, name});
    const UniqueFd fd(open(holder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return no_folder(Place::system_table, holder.path, errno);
    listed_[index_of(Place::system_table)] = true;
    told_of_folders_.erase(holder.path);
    visit({Place::system_table, Folder{fd.get(), holder.path}, name, path});
}

void Tables::scan_arguments() {
    if (settings_.arguments.empty()) return;
    const UniqueFd fd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return tell_of_folder("/", system_failure(errno, "open", "").value());
    for (const std::string& path : settings_.arguments) {
        visit({Place::argument, Folder{fd.get(), "/"}, path, path});
    }
}

void Tables::drop_missing() {
    for (auto file = files_.begin(); file != files_.end();) {
        auto& [path, seen] = *file;
        if (seen.scan == statistics_.scans || !listed_[index_of(seen.place)]) {
            ++file;
            continue;
        }
        remove(path, seen);
        file = files_.erase(file);
    }
}

void Tables::visit(const Source& source) {
    const auto [file, added] = files_.try_emplace(source.path);
    Seen& seen = file->second;
    if (added) {
        seen.place = source.place;
        seen.since_start = statistics_.scans == 1;
    }
    seen.scan = statistics_.scans;
    if (const auto problem = examine(source, seen)) fail(source, *problem, seen);
    changes_.retry = changes_.retry || seen.unreadable || !seen.unresolved.empty();
}

// Looks as little as will do: at the stamp, then at the content's hash, then at the text.
std::optional<Problem> Tables::examine(const Source& source, Seen& seen) {
    const auto found =
        find(source.folder, source.name, links_of(source.place), settings_.trusted, watched_);
    if (!found) {
        seen.settled = false;
        return found.error();
    }
    const Stamp stamp = stamp_of(found->status);
    const bool same_stamp = stamp == seen.stamp;
    const bool resolves = resolves_now(seen);
    const bool vouched = seen.settled && !seen.unreadable;
    if (same_stamp && vouched && !reload_ && !resolves) return std::nullopt;

    // Changed before it was ever read: nobody can tell what was there at the start.
    if (!same_stamp && !seen.hash && seen.stamp.inode != 0) seen.since_start = false;
    seen.stamp = stamp;
    seen.settled = is_settled(stamp);
    seen.unreadable = false;

    Rules rules{source.place, 0, settings_.trusted};
    rules.permits_any = settings_.permits_any;
    if (source.place == Place::user_folder && S_ISREG(found->status.st_mode)) {
        const UserAnswer answer = users_.resolve(source.name);
        seen.unresolved.clear();
        if (answer.kind != UserAnswer::Kind::known) {
            seen.unresolved.push_back(source.name);
            return unresolved_user(source.name, answer.kind);
        }
        rules.user = answer.uid;
    }
    const auto content = read_table(*found, rules);
    if (!content) return content.error();
    ++statistics_.reads;
    seen.stamp = stamp_of(content->status);
    seen.settled = is_settled(seen.stamp);
    // Looks are many where SIGHUPs are: only those count that find it as it was.
    if (!same_stamp) seen.unquiet_looks = 0;
    if (source.place == Place::argument && seen.live && !is_quiet(seen.stamp) &&
        ++seen.unquiet_looks <= kUnquietLooksMax) {
        if (reload_) load_later(seen);
        changes_.is_unquiet = true;
        return std::nullopt;
    }
    seen.unquiet_looks = 0;

    const bool linked = source.place != Place::argument && content->status.st_nlink > 1;
    if (!linked) seen.told.clear();
    const ContentHash hash = content_hash(content->text);
    if (seen.hash && *seen.hash != hash) seen.since_start = false;
    const bool same = seen.live && seen.hash == hash && !reload_ && !resolves;
    seen.hash = hash;
    if (!same) load(source, *content, seen);
    if (linked) {
        tell({crontab::Severity::warning,
              who_of(source.place, name_of(source.path), settings_.caller),
              message_of("NUMBER OF HARD LINKS > 1", source.path,
                         fmt::format("it has {}; its table runs", content->status.st_nlink)),
              source.path},
             "", seen.told);
    }
    return std::nullopt;
}

void Tables::load(const Source& source, const Content& content, Seen& seen) {
    const bool has_users = source.place == Place::system_table ||
                           source.place == Place::system_folder ||
                           (source.place == Place::argument && settings_.system_arguments);
    crontab::Options options;
    options.kind = has_users ? crontab::Kind::system : crontab::Kind::user;
    options.owner = source.place == Place::user_folder ? source.name : settings_.caller;
    options.name = source.path;
    options.is_owner_in_ids = source.place != Place::argument || !settings_.forgets_caller;
    options.machine_id = settings_.machine_id;
    options.flavour = settings_.flavour;
    options.dialect = settings_.dialect;
    options.now = now_;
    options.zone = settings_.zone;
    options.advise_from = settings_.advise_from;
    options.unenforced = settings_.unenforced;
    options.overlap = settings_.overlap;
    bool is_zone_unreadable = false;
    options.find_zone = [&](std::string_view zone) -> Result<calendar::Zone> {
        auto found = settings_.find_zone(zone);
        if (!found && found.error().code == ErrorCode::system) is_zone_unreadable = true;
        return found;
    };
    ++statistics_.parses;
    Loaded loaded{source.path, options.owner, who_of(source.place, source.name, settings_.caller),
                  crontab::parse(content.text, options), seen.since_start};
    loaded.same_text = seen.loaded == seen.hash;
    seen.loaded = seen.hash;
    if (has_users) {
        seen.unresolved =
            leave_out_unresolved(loaded.table, content.text, users_, settings_.only_user);
    }
    if (is_zone_unreadable) {
        // The entries below it must not wait for an edit.
        seen.unreadable = true;
        seen.hash.reset();
    }
    seen.live = true;
    changes_.loaded.push_back(std::move(loaded));
}

void Tables::fail(const Source& source, const Problem& problem, Seen& seen) {
    const bool was_live = seen.live;
    if (reload_ && was_live) load_later(seen);
    switch (problem.trouble) {
        case Trouble::gone:
            // No news of a place that is listed; but an argument was asked for.
            if (source.place != Place::argument) {
                seen.scan = 0;
                return;
            }
            [[fallthrough]];
        case Trouble::refused:
            // Whoever mends it later does not ask for its @reboot entries.
            seen.since_start = false;
            // Nobody would notice that an argument, which is all there is, runs nothing any more.
            if (source.place == Place::argument) break;
            seen.unresolved.clear();
            remove(source.path, seen);
            break;
        case Trouble::unresolved:
            remove(source.path, seen);
            break;
        case Trouble::unreadable:
            seen.unreadable = true;
            break;
        case Trouble::not_a_file:
            break;
    }
    const std::string_view consequence = seen.live  ? "; the version read before stays in force"
                                         : was_live ? "; its jobs are no longer scheduled"
                                                    : "";
    tell({crontab::Severity::error, who_of(source.place, source.name, settings_.caller),
          message_of(problem.event, source.path, problem.detail), source.path},
         consequence, seen.told);
}

void Tables::remove(const std::string& path, Seen& seen) {
    if (seen.live) changes_.removed.push_back(path);
    seen.live = false;
}

void Tables::tell(const Notice& notice, std::string_view consequence, std::string& told) {
    if (notice.message == told) return;
    told = notice.message;
    changes_.notices.push_back(notice);
    changes_.notices.back().message += consequence;
}

void Tables::tell_of_folder(const std::string& path, const Error& error) {
    changes_.retry = true;
    tell(
        {crontab::Severity::error, "CRON", message_of("OPENDIR FAILED", path, error.message), path},
        "; its tables stay as they were", told_of_folders_[path]);
}

bool Tables::resolves_now(const Seen& seen) {
    return std::any_of(seen.unresolved.begin(), seen.unresolved.end(),
                       [&](const std::string& name) {
                           return users_.resolve(name).kind == UserAnswer::Kind::known;
                       });
}

// A time in the future (of another machine's clock, or ours was set back) never settles: that costs
// reads only.
bool Tables::is_settled(const Stamp& stamp) const {
    return now_.time_since_epoch() >= seconds(stamp.changed.tv_sec) + kSettled;
}

// Nor does such a time say that somebody writes just now.
bool Tables::is_quiet(const Stamp& stamp) const {
    const auto changed =
        seconds(stamp.changed.tv_sec) +
        std::chrono::floor<microseconds>(std::chrono::nanoseconds(stamp.changed.tv_nsec));
    const microseconds age = now_.time_since_epoch() - changed;
    return age >= kQuiet || age < -kSettled;
}

}  // namespace cron::spool
