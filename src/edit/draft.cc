#include "edit/draft.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "crontab/table.h"
#include "edit/terminal.h"
#include "spool/whole_text.h"

namespace cron::edit {
namespace {

constexpr const char* kUsualFolder = "/tmp";
// Editors know by this name what they edit.
constexpr const char* kName = "crontab";
constexpr const char* kNameBeside = "crontab.installed";

// Whether others could replace what is ours in this folder.
bool is_trusted(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) return false;
    return (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & S_ISVTX) != 0;
}

}  // namespace

std::string temporary_folder(const char* wanted) {
    if (wanted == nullptr || *wanted != '/') return kUsualFolder;
    struct Free {
        void operator()(char* path) const { std::free(path); }  // NOLINT: realpath allocates so
    };
    const std::unique_ptr<char, Free> real(::realpath(wanted, nullptr));
    if (!real || ::access(real.get(), W_OK | X_OK) != 0) return kUsualFolder;
    std::string folder = real.get();
    for (std::string above = folder; above != "/";) {
        if (!is_trusted(above)) return kUsualFolder;
        above.erase(std::max<std::size_t>(above.rfind('/'), 1));
    }
    return folder;
}

Draft::Draft(UniqueFd folder, std::string folder_path)
    : folder_(std::move(folder)),
      folder_path_(std::move(folder_path)),
      path_(folder_path_ + "/" + kName) {}

Draft::Draft(Draft&& other) noexcept
    : folder_(std::move(other.folder_)),
      folder_path_(std::move(other.folder_path_)),
      path_(std::move(other.path_)),
      is_kept_(std::exchange(other.is_kept_, true)) {}

Result<Draft> Draft::create(const std::string& folder, std::string_view text) {
    std::string path = (folder == "/" ? "" : folder) + "/crontab.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return system_failure(errno, "mkdtemp", path);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        const int error = errno;
        ::rmdir(path.c_str());
        return system_failure(error, "open", path);
    }
    Draft draft(std::move(fd), std::move(path));
    struct stat status {};
    if (::fstat(draft.folder_.get(), &status) != 0)
        return system_failure(errno, "fstat", draft.folder_path_);
    if (status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
        draft.keep();
        return failure(ErrorCode::denied, fmt::format("{} is not ours alone", draft.folder_path_));
    }
    if (auto written = draft.write(kName, text); !written) return tl::unexpected(written.error());
    return draft;
}

Draft::~Draft() {
    if (is_kept_) return;
    struct Close {
        void operator()(DIR* folder) const { ::closedir(folder); }
    };
    const std::unique_ptr<DIR, Close> listing(
        ::fdopendir(::fcntl(folder_.get(), F_DUPFD_CLOEXEC, 3)));
    if (listing != nullptr) {
        ::rewinddir(listing.get());
        while (const dirent* entry = ::readdir(listing.get())) {
            ::unlinkat(folder_.get(), entry->d_name, 0);
        }
    }
    ::rmdir(folder_path_.c_str());
}

Result<void> Draft::write(const std::string& name, std::string_view text) const {
    const UniqueFd fd(::openat(folder_.get(), name.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    const std::string path = folder_path_ + "/" + name;
    if (!fd) return system_failure(errno, "open", path);
    return spool::write_all(fd.get(), text, path);
}

Result<std::string> Draft::read() const {
    const UniqueFd fd(
        ::openat(folder_.get(), kName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd) return system_failure(errno, "open", path_);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) return system_failure(errno, "fstat", path_);
    if (!S_ISREG(status.st_mode))
        return failure(ErrorCode::invalid, fmt::format("{} is no file any more", path_));
    return spool::read_all(fd.get(), path_);
}

Result<std::string> Draft::put_beside(std::string_view text) const {
    if (auto written = write(kNameBeside, text); !written) return tl::unexpected(written.error());
    return folder_path_ + "/" + kNameBeside;
}

}  // namespace cron::edit
