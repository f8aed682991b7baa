// Finds, opens and reads one table file: by descriptor, never waiting, trusting no link that others
// could have put there.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "spool/rules.h"
#include "spool/watch.h"

namespace cron::spool {

inline constexpr int kLinksMax = 40;      // symbolic links on one way, as in the kernel
inline constexpr int kReadsOfOneMax = 3;  // of a file that changes while it is read

// What shows that a file was changed: contents or rights.
struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size_bytes = 0;
    timespec modified{};
    timespec changed{};
    mode_t mode = 0;
    uid_t owner = 0;
    nlink_t links = 0;

    friend bool operator==(const Stamp& a, const Stamp& b);
};
Stamp stamp_of(const struct stat& status);

// "/etc" and "crontab" of "/etc/crontab".
std::string_view folder_of(std::string_view path);
std::string_view name_of(std::string_view path);

enum class Links {
    refused,
    trusted,  // followed where link, target and every folder on the way are root's or crond's own
    followed,
};

struct Folder {
    int fd = -1;
    std::string path;
};

// A name, not yet opened, that was no link. The status only tells whether to look closer: what
// counts is that of the descriptor, in read_table.
struct Found {
    UniqueFd walked;  // the folder, where links led to another
    int folder = -1;
    std::string name;
    struct stat status {};
};

// Looks `name` up in `folder`. Each link and folder on the way and its end are added to `steps`: a
// change to one of these changes what is found.
Checked<Found> find(const Folder& folder, const std::string& name, Links links, uid_t trusted,
                    std::vector<Watched>& steps);

struct Content {
    std::string text;
    struct stat status {};  // of what was read
};

// All bytes of the file, if it keeps `rules`, and as it was at one moment.
Checked<Content> read_table(const Found& found, const Rules& rules);

}  // namespace cron::spool
