// Tells that something in the folders of tables has changed, by inotify(7). What is on a network,
// or comes through another hard link, gives no event: the slow rescan finds it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

struct inotify_event;

namespace cron::spool {

// As the name: that the folder itself goes away, and nothing that is in it.
inline constexpr std::string_view kItself = ".";

// A name in a folder whose changes matter; no name: all of them.
struct Watched {
    std::string folder;
    std::string name;

    friend bool operator==(const Watched&, const Watched&) = default;
};

// watch() may look up paths and belongs on the worker; fd() and drain() never block and belong in
// the loop. They may run at the same time.
class Watcher {
  public:
    static Result<Watcher> create();

    // Readable when drain() has something to do.
    int fd() const { return fd_.get(); }

    // Takes all events that wait. True if one may concern a table: then scan.
    bool drain();
    // Whether somebody has written to a table and not closed it yet, by the events that were taken
    // since the last forget_writers(): what is read now may be half of it.
    bool is_being_written() const { return !written_.empty(); }
    void forget_writers() { written_.clear(); }

    struct Armed {
        bool added = false;          // something is watched only from now on: scan once more
        std::optional<Error> error;  // the first folder that cannot be watched, and why
    };
    // Watches these and nothing else; to be called after each scan with what it looked at. Of a
    // folder that is not there, the nearest parent that is; a folder that was replaced is watched
    // anew.
    Armed watch(const std::vector<Watched>& wanted);

  private:
    // Watch descriptor → the names that matter; the empty name: all.
    using Names = std::map<int, std::set<std::string, std::less<>>>;
    struct Shared {
        std::mutex mutex;
        Names names;
    };

    explicit Watcher(UniqueFd fd) : fd_(std::move(fd)), shared_(std::make_unique<Shared>()) {}

    void note_writer(const inotify_event& event, std::string_view name);

    UniqueFd fd_;
    std::unique_ptr<Shared> shared_;
    std::set<std::pair<int, std::string>> written_;  // watch descriptor and name; of the loop
};

}  // namespace cron::spool
