// A container for one test: the image in namespaces of its own, as Docker would have it and without
// Docker.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "machine.h"

namespace cron::system_test {

inline constexpr unsigned kContainerUid = 12345;  // and gid; there is no passwd entry

// Whether containers can be had here. Says why they are left out, if not.
bool has_containers();

struct Volume {
    std::string source;  // a folder of this machine
    std::string target;
    bool is_writable = false;
};

// What `docker run` would be told.
struct Order {
    std::vector<std::string> command;
    std::vector<std::string> environment;  // NAME=value, besides the PATH and HOME of Docker
    std::vector<Volume> volumes;
    int stdout_fd = -1;  // in place of the pipe that Process reads
    int stderr_fd = -1;
};

// What the container's own /proc says of a process.
struct Seen {
    int pid = 0;
    std::string name;
    char state = '?';
    int parent = 0;
};

// PID 1 of namespaces of its own (user, pid, mount, network, IPC, host name): as kContainerUid,
// without capabilities or a way to any, with a read-only image as its root. Nothing of it outlives
// this object, or this process.
class Container : public Process {
  public:
    explicit Container(const Order& order);

    std::vector<Seen> processes() const;
    // /proc/1/`name` of the container.
    std::string proc(const std::string& name) const;

  private:
    struct Gate {
        UniqueFd inside;
        UniqueFd outside;
    };
    static Gate make_gate();
    Container(const Order& order, Gate gate);
};

// A folder for volumes, with what crond shall run in it, and the command line for that.
//     crond --foreground --log json `more`... /config/crontab
class Machine : public TempRoot {
  public:
    Machine();

    // Replaces the table at once.
    void table(std::string_view text) const { write("/config/crontab", text); }

    Order order(const std::vector<std::string>& more = {}) const;
};

std::string event(const std::string& name);

// The lines of a log that have all of `parts`.
std::vector<std::string> lines_with(const std::string& log, const std::vector<std::string>& parts);

// The text of a key in a line of JSON; empty if it has none.
std::string text_of(const std::string& line, const std::string& key);

}  // namespace cron::system_test
