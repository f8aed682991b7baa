// A spool below a temporary folder, with users who exist only here.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spool/tables.h"

namespace cron::spool::test {

inline constexpr uid_t kAlice = 41001;
inline constexpr uid_t kBob = 41002;

// Times of the scans: files never look settled at the first, always at the second.
inline constexpr Instant kEarly{};
inline constexpr Instant kLate{seconds{4'102'444'800}};  // 2100

// A folder that is removed with all that is in it.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

void write(const std::string& path, std::string_view text);    // in place, mode 0600 when new
void replace(const std::string& path, std::string_view text);  // another file, by rename
void make_folder(const std::string& path);
void change_mode(const std::string& path, mode_t mode);
void change_owner(const std::string& path, uid_t owner);  // of a link: its own
void link_to(const std::string& target, const std::string& link);
void rename(const std::string& from, const std::string& to);
void remove(const std::string& path);

// True when the test may give files away; if not, it says so.
bool may_change_owners();

struct Spool {
    TemporaryFolder root;
    std::map<std::string, UserAnswer> users;
    Settings settings;
    std::string crontabs, etc, system_table, system_folder;

    // With root, alice and bob as users.
    Spool();
    Tables tables() { return Tables(settings); }
    // The table of `user`, given to its user.
    void write_user(const std::string& user, std::string_view text);
    void forget_user(const std::string& user) { users[user] = {UserAnswer::Kind::unknown, 0}; }
};

std::vector<std::string> loaded_names(const Changes& changes);  // without their folders
// The commands of the table of this name (without its folder) in `changes`.
std::vector<std::string> commands(const Changes& changes, std::string_view name);
// All notices, a line each.
std::string notices(const Changes& changes);

}  // namespace cron::spool::test
