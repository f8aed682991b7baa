#include "spool/user_tables.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "spool/file.h"
#include "spool/whole_text.h"

namespace cron::spool {
namespace {

constexpr mode_t kTableMode = 0600;
constexpr mode_t kPreviousMode = 0700;
constexpr const char* kLockName = ".lock";    // in the folder of previous versions
constexpr const char* kNoTable = "no-table";  // what a link in it leads to: there was none
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

std::string version_of(std::string_view text) {
    const ContentHash hash = content_hash(text);
    return fmt::format("{:016x}{:016x}", hash[0], hash[1]);
}

tl::unexpected<Error> no_table(const TableOwner& owner) {
    return failure(ErrorCode::not_found, fmt::format("no crontab for {}", printable(owner.name)));
}

Error error_of(const Problem& problem, const std::string& folder, const TableOwner& owner) {
    const bool passes = problem.trouble == Trouble::unreadable;
    return {passes ? ErrorCode::system : ErrorCode::denied,
            fmt::format("{} ({}/{}): {}", problem.event, printable(folder), printable(owner.name),
                        problem.detail)};
}

// A table of such a name would be read by nobody, or lie elsewhere.
Result<void> check_name(const TableOwner& owner) {
    const bool is_name = !owner.name.empty() && owner.name.find('/') == std::string::npos &&
                         owner.name.find('\0') == std::string::npos;
    if (is_name && !is_silent_name(owner.name, Place::user_folder)) return {};
    return failure(ErrorCode::invalid,
                   fmt::format("{} cannot be the name of a table", quoted(owner.name)));
}

struct OpenFolder {
    UniqueFd fd;
    std::string path;
    gid_t group = 0;

    std::string at(const std::string& name) const { return path + "/" + name; }
};

Result<OpenFolder> open_folder(const std::string& path, int flags) {
    OpenFolder folder{UniqueFd(open(path.c_str(), kFolderFlags | flags)), path, 0};
    struct stat status {};
    if (!folder.fd) return system_failure(errno, "open", path);
    if (fstat(folder.fd.get(), &status) != 0) return system_failure(errno, "fstat", path);
    folder.group = status.st_gid;
    return folder;
}

// For its owner alone. One that belongs to somebody else is denied.
Result<OpenFolder> open_previous(const std::string& path) {
    if (mkdir(path.c_str(), kPreviousMode) != 0 && errno != EEXIST)
        return system_failure(errno, "mkdir", path);
    auto folder = open_folder(path, O_NOFOLLOW);
    if (!folder) return folder;
    struct stat status {};
    if (fstat(folder->fd.get(), &status) != 0) return system_failure(errno, "fstat", path);
    if (status.st_uid != geteuid()) {
        return failure(ErrorCode::denied, fmt::format("{} belongs to uid {}, not to {}", path,
                                                      status.st_uid, geteuid()));
    }
    if ((status.st_mode & 07777) != kPreviousMode && fchmod(folder->fd.get(), kPreviousMode) != 0) {
        return system_failure(errno, "fchmod", path);
    }
    return folder;
}

// A file or link under a name that no scan looks at, until it is put in its place. Removed if it
// never is. Not to outlive the folder.
class Newcomer {
  public:
    static Result<Newcomer> of_file(const OpenFolder& folder, std::string_view text, uid_t owner) {
        auto made = with_free_name(folder);
        if (!made) return made;
        UniqueFd fd(openat(folder.fd.get(), made->name_.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kTableMode));
        if (!fd) return made->failed("create");
        made->is_there_ = true;
        if (auto written = write_all(fd.get(), text, folder.at(made->name_)); !written)
            return tl::unexpected(written.error());
        // The umask may have taken bits away. Owner last: by then nobody else may write.
        if (fchmod(fd.get(), kTableMode) != 0) return made->failed("fchmod");
        // The folder's group, as Debian has it: crontab.
        const gid_t group = geteuid() == 0 ? folder.group : static_cast<gid_t>(-1);
        const bool is_ours = owner == geteuid() && geteuid() != 0;
        if (!is_ours && fchown(fd.get(), owner, group) != 0) return made->failed("fchown");
        if (fsync(fd.get()) != 0) return made->failed("fsync");
        return made;
    }

    static Result<Newcomer> of_link(const OpenFolder& folder, const char* target) {
        auto made = with_free_name(folder);
        if (!made) return made;
        if (symlinkat(target, folder.fd.get(), made->name_.c_str()) != 0)
            return made->failed("symlink");
        made->is_there_ = true;
        return made;
    }

    Newcomer(Newcomer&& other) noexcept
        : folder_(other.folder_),
          name_(std::move(other.name_)),
          is_there_(std::exchange(other.is_there_, false)) {}
    Newcomer& operator=(Newcomer&&) = delete;
    ~Newcomer() {
        if (is_there_) unlinkat(folder_->fd.get(), name_.c_str(), 0);
    }

    // Replaces whatever has this name, a link too, and not where it leads.
    Result<void> put(const std::string& name) {
        const int fd = folder_->fd.get();
        if (renameat(fd, name_.c_str(), fd, name.c_str()) != 0)
            return system_failure(errno, "rename", folder_->at(name));
        is_there_ = false;
        if (fsync(fd) != 0) return system_failure(errno, "fsync", folder_->path);
        return {};
    }

  private:
    explicit Newcomer(const OpenFolder& folder) : folder_(&folder) {}

    // Others may put files into the folder, and must not know the name before.
    static Result<Newcomer> with_free_name(const OpenFolder& folder) {
        std::uint64_t number = 0;
        if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
            return system_failure(errno, "getrandom", folder.path);
        Newcomer made(folder);
        made.name_ = fmt::format(".new-{:016x}", number);
        return made;
    }

    tl::unexpected<Error> failed(std::string_view call) const {
        return system_failure(errno, call, folder_->at(name_));
    }

    const OpenFolder* folder_;
    std::string name_;
    bool is_there_ = false;
};

Result<std::optional<StoredTable>> read_from(const OpenFolder& folder, const TableOwner& owner,
                                             uid_t may_own) {
    std::vector<Watched> steps;
    const Rules rules{Place::user_folder, may_own, geteuid()};
    auto found = find({folder.fd.get(), folder.path}, owner.name, Links::refused, geteuid(), steps);
    if (!found) {
        if (found.error().trouble == Trouble::gone) return std::nullopt;
        return tl::unexpected(error_of(found.error(), folder.path, owner));
    }
    auto content = read_table(*found, rules);
    if (!content) {
        if (content.error().trouble == Trouble::gone) return std::nullopt;
        return tl::unexpected(error_of(content.error(), folder.path, owner));
    }
    std::string version = version_of(content->text);
    return StoredTable{std::move(content->text), std::move(version)};
}

// One change of one table, alone: while this lives, others who want to make one wait.
class Change {
  public:
    static Result<Change> begin(const UserTablesSettings& settings, const TableOwner& owner) {
        auto named = check_name(owner);
        if (!named) return tl::unexpected(named.error());
        auto crontabs = open_folder(settings.crontabs, 0);
        if (!crontabs) return tl::unexpected(crontabs.error());
        auto previous = open_previous(settings.previous);
        if (!previous) return tl::unexpected(previous.error());
        UniqueFd lock(openat(previous->fd.get(), kLockName,
                             O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kTableMode));
        if (!lock) return system_failure(errno, "open", previous->at(kLockName));
        while (flock(lock.get(), LOCK_EX) != 0) {
            if (errno != EINTR) return system_failure(errno, "flock", previous->at(kLockName));
        }
        return Change(owner, *std::move(crontabs), *std::move(previous), std::move(lock));
    }

    // What is there now; busy, if that is not `before`. A file that breaks the rules was no table
    // for crond either, so it may be replaced; but what is in it is nothing for its owner.
    Result<std::optional<StoredTable>> now(const std::optional<std::string>& before) const {
        auto found = read_from(crontabs_, owner_, owner_.uid);
        if (!found) {
            if (found.error().code == ErrorCode::denied && !before) return std::nullopt;
            return found;
        }
        const std::string version = *found ? (*found)->version : std::string();
        if (before && *before != version) {
            return failure(ErrorCode::busy,
                           fmt::format("the crontab of {} was changed by somebody else meanwhile",
                                       printable(owner_.name)));
        }
        return found;
    }

    bool has_file() const {
        struct stat status {};
        return fstatat(crontabs_.fd.get(), owner_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    }

    // What was there before the last change; none: no table. An error: nothing was changed yet.
    Result<std::optional<StoredTable>> previous() const {
        struct stat status {};
        const int fd = previous_.fd.get();
        if (fstatat(fd, owner_.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno != ENOENT) return system_failure(errno, "stat", previous_.at(owner_.name));
            return failure(ErrorCode::not_found, fmt::format("no earlier crontab is kept for {}",
                                                             printable(owner_.name)));
        }
        if (S_ISLNK(status.st_mode)) return std::nullopt;
        return read_from(previous_, owner_, owner_.uid);
    }

    // Makes `next` the table, and `now` the one before it; that first, so that what is replaced is
    // always kept.
    Result<void> replace(const std::optional<StoredTable>& now,
                         const std::optional<std::string_view>& next) const {
        std::optional<Newcomer> table;
        if (next) {
            auto made = Newcomer::of_file(crontabs_, *next, owner_.uid);
            if (!made) return tl::unexpected(made.error());
            table.emplace(*std::move(made));
        }
        // Its user's, so that another who is given the name later does not get it.
        auto kept = now ? Newcomer::of_file(previous_, now->text, owner_.uid)
                        : Newcomer::of_link(previous_, kNoTable);
        if (!kept) return tl::unexpected(kept.error());
        if (auto done = kept->put(owner_.name); !done) return done;
        if (table) return table->put(owner_.name);
        const int fd = crontabs_.fd.get();
        if (unlinkat(fd, owner_.name.c_str(), 0) != 0 && errno != ENOENT)
            return system_failure(errno, "unlink", crontabs_.at(owner_.name));
        if (fsync(fd) != 0) return system_failure(errno, "fsync", crontabs_.path);
        return {};
    }

  private:
    Change(const TableOwner& owner, OpenFolder crontabs, OpenFolder previous, UniqueFd lock)
        : owner_(owner),
          crontabs_(std::move(crontabs)),
          previous_(std::move(previous)),
          lock_(std::move(lock)) {}

    TableOwner owner_;
    OpenFolder crontabs_;
    OpenFolder previous_;
    UniqueFd lock_;
};

}  // namespace

Result<std::optional<StoredTable>> UserTables::read(const TableOwner& owner) const {
    if (auto named = check_name(owner); !named) return tl::unexpected(named.error());
    const auto folder = open_folder(settings_.crontabs, 0);
    if (!folder) return tl::unexpected(folder.error());
    return read_from(*folder, owner, owner.uid);
}

Result<std::string> UserTables::install(const TableOwner& owner, std::string_view text,
                                        const std::optional<std::string>& before) const {
    if (text.size() > crontab::kTableBytesMax) {
        return failure(ErrorCode::limit,
                       fmt::format("a table has at most {} bytes", crontab::kTableBytesMax));
    }
    const auto change = Change::begin(settings_, owner);
    if (!change) return tl::unexpected(change.error());
    const auto now = change->now(before);
    if (!now) return tl::unexpected(now.error());
    std::string version = version_of(text);
    if (*now && (*now)->text == text) return version;
    if (auto done = change->replace(*now, text); !done) return tl::unexpected(done.error());
    return version;
}

Result<void> UserTables::remove(const TableOwner& owner,
                                const std::optional<std::string>& before) const {
    const auto change = Change::begin(settings_, owner);
    if (!change) return tl::unexpected(change.error());
    const auto now = change->now(before);
    if (!now) return tl::unexpected(now.error());
    if (!*now && !change->has_file()) return no_table(owner);
    return change->replace(*now, std::nullopt);
}

Result<std::optional<StoredTable>> UserTables::undo(const TableOwner& owner) const {
    const auto change = Change::begin(settings_, owner);
    if (!change) return tl::unexpected(change.error());
    auto previous = change->previous();
    if (!previous) return previous;
    const auto now = change->now(std::nullopt);
    if (!now) return tl::unexpected(now.error());
    std::optional<std::string_view> next;
    if (*previous) next = (*previous)->text;
    if (auto done = change->replace(*now, next); !done) return tl::unexpected(done.error());
    return previous;
}

}  // namespace cron::spool
