// Control groups of Linux (cgroup v2): where crond may make some, and one for a run, so that limits
// hold for all of its processes and none of them escapes its end.
// Source: cgroup-v2.rst of Linux; CGROUP_DELEGATION of systemd, for what is ours to change.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "engine/effect.h"

namespace cron::process {

enum class Controller { cpu, memory, pids };

inline constexpr std::array<Controller, 3> kControllers = {Controller::cpu, Controller::memory,
                                                           Controller::pids};

std::string_view name_of(Controller controller);
bool is_limited(const crontab::Limits& limits, Controller controller);

// What /proc/PID/cgroup says: the path of the process's group in the hierarchy of cgroup v2; none
// where there is none.
std::optional<std::string> cgroup_path(std::string_view membership);

// Where that path is in the file system, as /proc/PID/mountinfo says; none where it is not mounted.
struct CgroupFolder {
    std::string path;
    bool is_top = false;  // of what is mounted
};
std::optional<CgroupFolder> find_cgroup_folder(std::string_view mounts, std::string_view path);

// Writes `text` at once, into a file that is there.
Result<void> write_cgroup_file(const std::string& path, std::string_view text);

// One group, by its folder. Move only: its owner removes it when it dies, if nothing lives in it.
class Cgroup {
  public:
    explicit Cgroup(std::string path) : path_(std::move(path)) {}
    Cgroup(Cgroup&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Cgroup& operator=(Cgroup&& other) noexcept {
        std::swap(path_, other.path_);
        return *this;
    }
    ~Cgroup() { remove(); }

    const std::string& path() const { return path_; }
    std::string events_file() const { return path_ + "/cgroup.events"; }

    // The controller must be enabled for it.
    Result<void> limit(Controller controller, const crontab::Limits& limits) const;
    // Who writes "0" to it is in the group from then on, and so is all that it starts later.
    Result<UniqueFd> entrance() const;
    // Sends KILL to all that lives in it, and to what that may be starting.
    Result<void> kill() const;
    // How many of its processes the kernel has killed for want of memory.
    std::uint64_t memory_kills() const;
    // False while something lives in it, else it is gone.
    bool remove();

  private:
    std::string path_;  // empty: none
};

struct CgroupPlaces {
    std::string proc = "/proc";
    std::string systemd = "/run/systemd/system";  // is there where systemd runs the machine
};

class CgroupTree {
  public:
    // Finds out what may be done here. Groups are made only below one that is ours: that was
    // delegated to us, that is the top of a container, or the root of a machine without systemd. To
    // hand controllers on, a group must have no process of its own: if it has none but us, we move
    // into one below it. Nothing of others is ever moved.
    static CgroupTree open(const CgroupPlaces& places = {});

    // Why no group can be made; empty if they can.
    const std::string& obstacle() const { return obstacle_; }
    // Why this controller cannot limit a group; empty if it can.
    const std::string& obstacle(Controller controller) const;
    // Below which groups are made.
    const std::string& base() const { return base_; }

    // A group with a name that no other one has. No limits yet.
    Result<Cgroup> make();
    // Lets `group`, made by us or an earlier crond, have what `limits` says, as far as the machine
    // can: returns what failed that should not have.
    std::vector<std::pair<Controller, Error>> limit(const Cgroup& group,
                                                    const crontab::Limits& limits);
    // The groups of crond processes that are gone.
    std::vector<Cgroup> left_behind() const;
    // The folder of the group in which the process is; none if that is not known.
    std::optional<std::string> folder_of(pid_t pid) const;
    // Takes back what would keep a service manager from starting another crond in our place.
    void release();

  private:
    void find_base();
    void find_controllers();
    bool is_alone_in_base() const;
    std::string enter_leaf();
    Result<void> enable(Controller controller);

    CgroupPlaces places_;
    std::string obstacle_ = "nobody has looked";
    std::string base_;
    bool needs_leaf_ = false;  // base_ is where we are, and is not the root
    bool has_moved_ = false;
    std::map<Controller, std::string> obstacles_;  // of those that cannot be used
    std::set<Controller> enabled_;
    std::string prefix_;  // of the names of our groups
    std::uint64_t made_ = 0;
};

}  // namespace cron::process
