#include "daemon/letter_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "process/private_folder.h"

namespace cron::daemon {
namespace {

// Of a letter that is not whole yet, before its name.
constexpr std::string_view kHalf = ".";
constexpr std::string_view kDamaged = ".damaged";

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<LetterFolder> LetterFolder::open(const std::string& path) {
    auto fd = process::open_private_folder(path);
    if (!fd) return tl::unexpected(fd.error());
    return LetterFolder(*std::move(fd), path);
}

std::string LetterFolder::path_of(const mail::LetterName& name) const {
    return path_ + '/' + mail::print(name);
}

Result<void> LetterFolder::store(const mail::LetterName& name, std::string_view text) const {
    const std::string half = std::string(kHalf) + mail::print(name);
    auto stored = write(half, text);
    if (stored && ::renameat(fd_.get(), half.c_str(), fd_.get(), mail::print(name).c_str()) != 0) {
        stored = system_failure(errno, "rename", path_of(name));
    }
    if (!stored) {
        ::unlinkat(fd_.get(), half.c_str(), 0);
        return stored;
    }
    stored = sync();
    // Whoever is told that it was not kept takes care of it himself.
    if (!stored) ::unlinkat(fd_.get(), mail::print(name).c_str(), 0);
    return stored;
}

Result<void> LetterFolder::write(const std::string& name, std::string_view text) const {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const std::string path = path_ + '/' + name;
    const UniqueFd file(::openat(fd_.get(), name.c_str(), kFlags, 0600));
    if (!file) return system_failure(errno, "create", path);
    while (!text.empty()) {
        const ssize_t bytes = ::write(file.get(), text.data(), text.size());
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return system_failure(errno, "write", path);
        text.remove_prefix(static_cast<std::size_t>(bytes));
    }
    if (::fsync(file.get()) != 0) return system_failure(errno, "fsync", path);
    return {};
}

Result<std::string> LetterFolder::read_bytes(const mail::LetterName& name) const {
    const std::string path = path_of(name);
    const UniqueFd file(::openat(fd_.get(), mail::print(name).c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return system_failure(errno, "open", path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_failure(errno, "fstat", path);
    const auto size = static_cast<std::size_t>(status.st_size);
    if (!S_ISREG(status.st_mode) || size > mail::kLetterBytesMax) {
        return failure(ErrorCode::damaged, "it is no regular file, or larger than any letter");
    }
    std::string text(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t bytes = ::read(file.get(), text.data() + filled, size - filled);
        if (bytes < 0 && errno == EINTR) continue;
        if (bytes < 0) return system_failure(errno, "read", path);
        if (bytes == 0) break;
        filled += static_cast<std::size_t>(bytes);
    }
    text.resize(filled);
    return text;
}

Result<mail::Letter> LetterFolder::read(const mail::LetterName& name) const {
    const auto text = read_bytes(name);
    if (!text) return tl::unexpected(text.error());
    return mail::parse_letter(*text);
}

Result<void> LetterFolder::rename(const mail::LetterName& from, const mail::LetterName& to) const {
    if (::renameat(fd_.get(), mail::print(from).c_str(), fd_.get(), mail::print(to).c_str()) != 0) {
        return system_failure(errno, "rename", path_of(from));
    }
    return {};
}

Result<void> LetterFolder::remove(const mail::LetterName& name) const {
    if (::unlinkat(fd_.get(), mail::print(name).c_str(), 0) != 0) {
        return system_failure(errno, "remove", path_of(name));
    }
    return {};
}

Result<void> LetterFolder::sync() const {
    if (::fsync(fd_.get()) != 0) return system_failure(errno, "fsync", path_);
    return {};
}

std::string LetterFolder::set_aside(const mail::LetterName& name) const {
    const std::string before = mail::print(name);
    const std::string aside = before + std::string(kDamaged);
    const bool is_moved = ::renameat(fd_.get(), before.c_str(), fd_.get(), aside.c_str()) == 0;
    return path_ + '/' + (is_moved ? aside : before);
}

Result<std::vector<LetterFolder::Found>> LetterFolder::find_all() const {
    UniqueFd fd(::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseFolder> folder(fd ? ::fdopendir(fd.get()) : nullptr);
    if (folder == nullptr) return system_failure(errno, "open", path_);
    static_cast<void>(fd.release());
    std::vector<Found> found;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (name.starts_with(kHalf) && mail::parse_letter_name(name.substr(kHalf.size()))) {
            ::unlinkat(fd_.get(), entry->d_name, 0);
        }
        const auto letter_name = mail::parse_letter_name(name);
        if (!letter_name || found.size() == kLettersMax) continue;
        const auto text = read_bytes(*letter_name);
        Result<mail::Letter> letter =
            text ? mail::parse_letter(*text) : tl::unexpected(text.error());
        if (letter) letter->message = std::string();
        if (letter) letter->environment = std::vector<std::string>();
        found.push_back({*letter_name, std::move(letter), text ? text->size() : 0});
    }
    return found;
}

}  // namespace cron::daemon
