// The folder of mail that its mailers did not take: one file a letter, which never changes; what
// does change is its name (docs/mail.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "mail/letter.h"

namespace cron::daemon {

inline constexpr std::size_t kLettersMax = 5000;

// All of it may be called from any thread.
class LetterFolder {
  public:
    // By process::open_private_folder.
    static Result<LetterFolder> open(const std::string& path);

    // A new letter, whole and durable when this returns: waits for the disk.
    Result<void> store(const mail::LetterName& name, std::string_view text) const;
    Result<mail::Letter> read(const mail::LetterName& name) const;
    // Durable after the next sync().
    Result<void> rename(const mail::LetterName& from, const mail::LetterName& to) const;
    Result<void> remove(const mail::LetterName& name) const;
    Result<void> sync() const;
    // Takes a damaged letter out of the way. Returns its path.
    std::string set_aside(const mail::LetterName& name) const;

    struct Found {
        mail::LetterName name;
        Result<mail::Letter> letter;  // without its message and environment
        std::size_t bytes = 0;
    };
    // All letters, at most kLettersMax of them. Removes what a crash has left half written. Reads
    // much.
    Result<std::vector<Found>> find_all() const;

    std::string path_of(const mail::LetterName& name) const;

  private:
    LetterFolder(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<void> write(const std::string& name, std::string_view text) const;
    Result<std::string> read_bytes(const mail::LetterName& name) const;

    UniqueFd fd_;
    std::string path_;
};

}  // namespace cron::daemon
