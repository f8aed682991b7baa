#include "spool/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace cron::spool {
namespace {

constexpr int kFolderFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

bool equal(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

tl::unexpected<Problem> problem(Trouble trouble, std::string event, std::string detail) {
    return tl::unexpected<Problem>(Problem{trouble, std::move(event), std::move(detail)});
}

tl::unexpected<Problem> system_problem(int error, std::string_view call) {
    return problem(error == ENOENT ? Trouble::gone : Trouble::unreadable, "CAN'T OPEN",
                   system_failure(error, call, "").value().message);
}

std::string join(const std::string& folder, const std::string& name) {
    return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

// The components of `path`, the first one last, after what is still to be looked up.
void push_components(std::vector<std::string>& pending, std::string_view path) {
    std::vector<std::string> components;
    while (!path.empty()) {
        const std::string_view component = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), component.size() + 1));
        if (!component.empty() && component != ".") components.emplace_back(component);
    }
    pending.insert(pending.end(), components.rbegin(), components.rend());
}

// One way through the file system, a component at a time, so that each link and folder on it is
// seen.
class Walk {
  public:
    Walk(Links links, uid_t trusted, std::vector<Watched>& steps)
        : links_(links), trusted_(trusted), steps_(steps) {}

    Checked<Found> follow(const Folder& start, std::string_view name) {
        folder_ = UniqueFd(openat(start.fd, ".", kFolderFlags));
        path_ = start.path;
        if (!folder_) return system_problem(errno, "open");
        push_components(pending_, name);
        for (int links = 0; !pending_.empty();) {
            const std::string next = std::move(pending_.back());
            pending_.pop_back();
            UniqueFd entry(openat(folder_.get(), next.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
            struct stat status {};
            if (!entry || fstat(entry.get(), &status) != 0) return lost(next, errno);
            const bool is_link = S_ISLNK(status.st_mode);
            if (is_link || pending_.empty()) steps_.push_back({path_, next});
            if (auto distrust = distrusted(next, status)) {
                return tl::unexpected<Problem>(std::move(*distrust));
            }
            if (is_link) {
                if (++links > kLinksMax) {
                    return problem(Trouble::refused, "CAN'T OPEN SYMLINK",
                                   fmt::format("it leads over more than {} links", kLinksMax));
                }
                if (auto failed = enter_link(entry.get()))
                    return system_problem(*failed, "readlink");
            } else if (pending_.empty()) {
                const int folder = folder_.get();
                return Found{std::move(folder_), folder, next, status};
            } else if (!S_ISDIR(status.st_mode)) {
                return lost(next, ENOTDIR);
            } else {
                folder_ = std::move(entry);
                path_ = join(path_, next);
                steps_.push_back({path_, std::string(kItself)});
            }
        }
        return problem(Trouble::not_a_file, "NOT REGULAR", "it leads to a folder");
    }

  private:
    tl::unexpected<Problem> lost(const std::string& next, int error) {
        steps_.push_back({path_, next});
        if (error != ENOENT && error != ENOTDIR) return system_problem(error, "open");
        return problem(Trouble::gone, "CAN'T OPEN",
                       fmt::format("{} {}", printable(join(path_, next)),
                                   error == ENOTDIR ? "is no folder" : "does not exist"));
    }

    // Where others may write they could put another file, or a hard link to one of root's, in its
    // place; but not replace a folder of root's where the sticky bit is set.
    std::optional<Problem> distrusted(const std::string& next, const struct stat& status) const {
        if (links_ != Links::trusted) return std::nullopt;
        struct stat folder {};
        if (fstat(folder_.get(), &folder) != 0) return system_problem(errno, "fstat").value();
        if (!is_trusted(folder.st_uid, trusted_)) {
            return Problem{
                Trouble::refused, "INSECURE SYMLINK",
                fmt::format("the folder {} on its way is owned by uid {}, and must be root's",
                            printable(path_), folder.st_uid)};
        }
        const bool sticky = (folder.st_mode & S_ISVTX) != 0 && S_ISDIR(status.st_mode);
        if ((folder.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky) {
            return Problem{Trouble::refused, "INSECURE SYMLINK",
                           fmt::format("others may write to the folder {} on its way (mode {:04o})",
                                       printable(path_), folder.st_mode & 07777U)};
        }
        if (S_ISLNK(status.st_mode) && !is_trusted(status.st_uid, trusted_)) {
            return Problem{Trouble::refused, "WRONG SYMLINK OWNER",
                           fmt::format("the link {} is owned by uid {}, and must be root's",
                                       printable(join(path_, next)), status.st_uid)};
        }
        return std::nullopt;
    }

    // The way goes on where the link points; errno if it cannot be read.
    std::optional<int> enter_link(int link) {
        std::array<char, PATH_MAX> target;
        const ssize_t size = readlinkat(link, "", target.data(), target.size());
        if (size <= 0) return size == 0 ? ENOENT : errno;
        if (static_cast<std::size_t>(size) == target.size()) return ENAMETOOLONG;
        const std::string_view text(target.data(), static_cast<std::size_t>(size));
        if (text.front() == '/') {
            folder_ = UniqueFd(open("/", kFolderFlags));
            path_.assign(1, '/');
            if (!folder_) return errno;
        }
        push_components(pending_, text);
        return std::nullopt;
    }

    Links links_;
    uid_t trusted_;
    std::vector<Watched>& steps_;
    UniqueFd folder_;
    std::string path_;
    std::vector<std::string> pending_;  // the next component last
};

// All bytes up to `bytes_max`; errno on failure.
tl::expected<std::string, int> read_all(int fd, std::size_t expected_bytes, std::size_t bytes_max) {
    std::string text(std::min(expected_bytes + 1, bytes_max), '\0');
    std::size_t filled = 0;
    for (;;) {
        if (filled == text.size()) {
            if (filled == bytes_max) break;
            text.resize(std::min(bytes_max, 2 * text.size()));
        }
        const ssize_t size =
            pread(fd, text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return tl::unexpected<int>(errno);
        if (size == 0) break;
        filled += static_cast<std::size_t>(size);
    }
    text.resize(filled);
    return text;
}

}  // namespace

bool operator==(const Stamp& a, const Stamp& b) {
    return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes &&
           equal(a.modified, b.modified) && equal(a.changed, b.changed) && a.mode == b.mode &&
           a.owner == b.owner && a.links == b.links;
}

Stamp stamp_of(const struct stat& status) {
    return Stamp{status.st_dev,  status.st_ino,  status.st_size, status.st_mtim,
                 status.st_ctim, status.st_mode, status.st_uid,  status.st_nlink};
}

std::string_view folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Checked<Found> find(const Folder& folder, const std::string& name, Links links, uid_t trusted,
                    std::vector<Watched>& steps) {
    if (links != Links::followed) {
        Found found{UniqueFd(), folder.fd, name, {}};
        if (fstatat(folder.fd, name.c_str(), &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
            return system_problem(errno, "stat");
        }
        if (!S_ISLNK(found.status.st_mode)) return found;
        if (links == Links::refused) {
            return problem(Trouble::refused, "CAN'T OPEN SYMLINK",
                           "it is a symbolic link, and a user's table must not be one");
        }
    }
    Checked<Found> found = Walk(links, trusted, steps).follow(folder, name);
    // The link itself is there: its dangling must be said.
    if (!found && links == Links::trusted && found.error().trouble == Trouble::gone) {
        return problem(Trouble::refused, "CAN'T OPEN SYMLINK", found.error().detail);
    }
    return found;
}

Checked<Content> read_table(const Found& found, const Rules& rules) {
    // Not even opened: to open a device can do something.
    if (!S_ISREG(found.status.st_mode)) {
        return tl::unexpected<Problem>(*violation(found.status, rules));
    }
    const UniqueFd fd(openat(found.folder, found.name.c_str(),
                             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return system_problem(errno, "open");
    const auto is_too_large = [&](std::size_t bytes) { return bytes > rules.bytes_max; };
    Content content;
    if (fstat(fd.get(), &content.status) != 0) return system_problem(errno, "fstat");
    for (int reads = 0; reads < kReadsOfOneMax; ++reads) {
        if (auto broken = violation(content.status, rules)) {
            return tl::unexpected<Problem>(std::move(*broken));
        }
        const auto expected_bytes = static_cast<std::size_t>(content.status.st_size);
        if (is_too_large(expected_bytes)) break;
        // One more than may be shows that there are more.
        auto text = read_all(fd.get(), expected_bytes, rules.bytes_max + 1);
        if (!text) return system_problem(text.error(), "read");
        const Stamp before = stamp_of(content.status);
        if (fstat(fd.get(), &content.status) != 0) return system_problem(errno, "fstat");
        content.text = std::move(*text);
        if (is_too_large(content.text.size())) break;
        if (stamp_of(content.status) == before) return content;
    }
    if (is_too_large(content.text.size()) ||
        is_too_large(static_cast<std::size_t>(content.status.st_size))) {
        return problem(Trouble::refused, "TOO LARGE",
                       fmt::format("{} has at most {} bytes", rules.noun, rules.bytes_max));
    }
    return problem(Trouble::unreadable, "CAN'T READ", "it keeps changing while it is read");
}

}  // namespace cron::spool
