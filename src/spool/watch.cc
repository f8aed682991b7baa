#include "spool/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "spool/file.h"

namespace cron::spool {
namespace {

constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                                   IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                   IN_ONLYDIR;
// Of a folder on the way: whether another one may have taken its place.
constexpr std::uint32_t kGoing = IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// So much is taken in one call: a flood must not hold the loop. What is left makes the descriptor
// readable.
constexpr int kReadsMax = 16;

// The watch of the folder of `wanted`, or of its nearest parent, where `wanted` is then the missing
// name.
Result<int> add(int fd, Watched& wanted) {
    for (;;) {
        const std::uint32_t mask = wanted.name == kItself ? kGoing : kChanges;
        // The same folder may be wanted twice, for less and for more.
        const int watch = inotify_add_watch(fd, wanted.folder.c_str(), mask | IN_MASK_ADD);
        if (watch >= 0) return watch;
        const std::string parent(folder_of(wanted.folder));
        if ((errno != ENOENT && errno != ENOTDIR) || parent == wanted.folder) {
            return system_failure(errno, "inotify_add_watch", wanted.folder);
        }
        wanted = Watched{parent, std::string(name_of(wanted.folder))};
    }
}

}  // namespace

Result<Watcher> Watcher::create() {
    UniqueFd fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd) return system_failure(errno, "inotify_init1", "");
    return Watcher(std::move(fd));
}

bool Watcher::drain() {
    alignas(inotify_event) std::array<char, 16384> buffer;
    bool changed = false;
    for (int reads = 0; reads < kReadsMax; ++reads) {
        const ssize_t size = read(fd_.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        for (ssize_t at = 0; at < size;) {
            inotify_event event;
            std::memcpy(&event, buffer.data() + at, sizeof event);
            const std::string_view name = event.len == 0
                                              ? std::string_view()
                                              : std::string_view(buffer.data() + at + sizeof event);
            at += static_cast<ssize_t>(sizeof event + event.len);
            const auto known = shared_->names.find(event.wd);
            if (known == shared_->names.end()) {
                // A queue that overflowed, or a watch that watch() has just made; but the end of
                // one that it took away is nothing new.
                changed = changed || (event.mask & IN_IGNORED) == 0;
                continue;
            }
            const auto& names = known->second;
            // Without a name the event is the folder's own.
            if (!name.empty() && !names.contains("") && !names.contains(name)) continue;
            changed = true;
            note_writer(event, name);
        }
    }
    return changed;
}

void Watcher::note_writer(const inotify_event& event, std::string_view name) {
    constexpr std::uint32_t kOver = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
    if ((event.mask & IN_MODIFY) != 0) written_.emplace(event.wd, name);
    if ((event.mask & kOver) != 0) written_.erase({event.wd, std::string(name)});
}

Watcher::Armed Watcher::watch(const std::vector<Watched>& wanted) {
    Armed armed;
    Names names;
    for (Watched each : wanted) {
        const Result<int> watch = add(fd_.get(), each);
        if (watch) {
            names[*watch].insert(each.name);
        } else if (!armed.error && each.name != kItself) {
            // A folder on the way need not be readable, and then cannot be watched.
            armed.error = watch.error();
        }
    }
    Names before;
    {
        const std::lock_guard<std::mutex> lock(shared_->mutex);
        before = std::exchange(shared_->names, names);
    }
    for (const auto& [watch, old_names] : before) {
        if (!names.contains(watch)) inotify_rm_watch(fd_.get(), watch);
    }
    for (const auto& [watch, new_names] : names) {
        const auto known = before.find(watch);
        if (known == before.end()) {
            armed.added = true;
            continue;
        }
        for (const std::string& name : new_names) {
            armed.added = armed.added || !known->second.contains(name);
        }
    }
    return armed;
}

}  // namespace cron::spool
