// Where crond may make control groups, and which limits it can set there.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fmt/format.h>

#include "base/text.h"
#include "process/cgroup.h"
#include "process/child.h"

namespace cron::process {
namespace {

// The group below its own into which crond moves itself.
constexpr std::string_view kLeaf = "/crond";
constexpr std::string_view kNamePrefix = "crond-run-";
constexpr std::size_t kFileBytesMax = 4U << 20;
constexpr std::size_t kLeftMax = 1'000;  // groups of earlier daemons that are looked at

// Of the first kFileBytesMax bytes; empty if it cannot be read.
std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::string text;
    std::array<char, 4096> buffer{};
    while (file && text.size() < kFileBytesMax) {
        file.read(buffer.data(), buffer.size());
        text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
    }
    return text;
}

std::string_view take_until(std::string_view& rest, char end) {
    const std::size_t length = std::min(rest.find(end), rest.size());
    const std::string_view taken = rest.substr(0, length);
    rest.remove_prefix(std::min(length + 1, rest.size()));
    return taken;
}

// Of the first line of `text`.
bool has_word(std::string_view text, std::string_view word) {
    for (std::string_view line = take_until(text, '\n'); !line.empty();) {
        if (take_until(line, ' ') == word) return true;
    }
    return false;
}

// "\040" is a blank: three octal digits stand for what would break the line.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::string_view digits = text.substr(std::min(i + 1, text.size()), 3);
        const bool is_escape = text[i] == '\\' && digits.size() == 3 &&
                               digits.find_first_not_of("01234567") == std::string_view::npos;
        if (!is_escape) {
            plain += text[i];
            continue;
        }
        plain +=
            static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
        i += 3;
    }
    return plain;
}

// Whether systemd has handed the group, and all below it, to what runs in it.
bool is_delegated(const std::string& folder) {
    // The first where only root may set it, the second where a user's systemd did.
    for (const char* const name : {"trusted.delegate", "user.delegate"}) {
        char value = 0;
        if (::getxattr(folder.c_str(), name, &value, 1) == 1 && value == '1') return true;
    }
    return false;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// PID-START-NUMBER: whether the process that made a group of this name is gone. That it was we
// ourselves means: the program before us in this process.
bool is_left(std::string_view name) {
    if (!name.starts_with(kNamePrefix)) return false;
    name.remove_prefix(kNamePrefix.size());
    const auto pid = parse_decimal(take_until(name, '-'));
    const auto start = parse_decimal(take_until(name, '-'));
    if (!pid || !start || *pid > INT_MAX) return false;
    const auto maker = static_cast<pid_t>(*pid);
    return maker == ::getpid() || process_start(maker) != start;
}

}  // namespace

// "0::/path" is the line of cgroup v2; the others are of v1. Source: cgroups(7).
std::optional<std::string> cgroup_path(std::string_view membership) {
    while (!membership.empty()) {
        std::string_view line = take_until(membership, '\n');
        constexpr std::string_view kPrefix = "0::";
        if (line.starts_with(kPrefix) && line.substr(kPrefix.size(), 1) == "/") {
            return std::string(line.substr(kPrefix.size()));
        }
    }
    return std::nullopt;
}

// A line: id parent device ROOT POINT options [optional]... "-" TYPE source options. ROOT is the
// group that POINT shows. Source: proc(5).
std::optional<CgroupFolder> find_cgroup_folder(std::string_view mounts, std::string_view path) {
    // Out of the namespace: nothing that we could see.
    if (path == "/.." || path.starts_with("/../")) return std::nullopt;
    std::optional<CgroupFolder> found;
    while (!mounts.empty()) {
        std::string_view line = take_until(mounts, '\n');
        const std::size_t dash = line.find(" - ");
        if (dash == std::string_view::npos) continue;
        std::string_view tail = line.substr(dash + 3);
        line = line.substr(0, dash);
        if (take_until(tail, ' ') != "cgroup2") continue;
        for (int i = 0; i < 3; ++i) take_until(line, ' ');
        const std::string root = unescaped(take_until(line, ' '));
        const std::string point = unescaped(take_until(line, ' '));
        const std::string_view top = root == "/" ? std::string_view() : std::string_view(root);
        const std::string_view below = path == "/" ? std::string_view() : path;
        const bool is_below =
            below.starts_with(top) && (below.size() == top.size() || below[top.size()] == '/');
        // A later mount hides an earlier one.
        if (is_below && root.starts_with('/') && point.starts_with('/')) {
            found = CgroupFolder{point + std::string(below.substr(top.size())),
                                 below.size() == top.size()};
        }
    }
    return found;
}

CgroupTree CgroupTree::open(const CgroupPlaces& places) {
    CgroupTree tree;
    tree.places_ = places;
    tree.prefix_ =
        fmt::format("{}{}-{}-", kNamePrefix, ::getpid(), process_start(::getpid()).value_or(0));
    tree.find_base();
    if (tree.obstacle_.empty()) tree.find_controllers();
    return tree;
}

std::optional<std::string> CgroupTree::folder_of(pid_t pid) const {
    const std::string folder = fmt::format("{}/{}", places_.proc, pid);
    const auto path = cgroup_path(read_file(folder + "/cgroup"));
    if (!path) return std::nullopt;
    const auto found = find_cgroup_folder(read_file(places_.proc + "/self/mountinfo"), *path);
    return found ? std::optional(found->path) : std::nullopt;
}

void CgroupTree::find_base() {
    obstacle_.clear();
    const auto path = cgroup_path(read_file(places_.proc + "/self/cgroup"));
    const std::string mounts = read_file(places_.proc + "/self/mountinfo");
    const auto own = path ? find_cgroup_folder(mounts, *path) : std::nullopt;
    if (!own) {
        obstacle_ = "no control groups of version 2 are mounted";
        return;
    }
    const bool is_leaf = own->path.ends_with(kLeaf);
    const std::string parent = own->path.substr(0, own->path.rfind('/'));
    const bool is_root = own->is_top && !exists(own->path + "/cgroup.events");
    const bool has_systemd = exists(places_.systemd);
    // The program before us in this process has moved it there.
    const bool is_below_top = path == kLeaf && find_cgroup_folder(mounts, "/").has_value();
    if (is_delegated(own->path)) {
        base_ = own->path;
        needs_leaf_ = true;
    } else if (is_leaf && is_delegated(parent)) {
        base_ = parent;
    } else if (own->is_top && !has_systemd) {
        base_ = own->path;
        needs_leaf_ = !is_root;
    } else if (is_below_top && !has_systemd) {
        base_ = parent;
    } else {
        obstacle_ = fmt::format("{} is not delegated to crond", own->path);
        return;
    }
    // To move a process it takes the right to write here, beside that to make a folder.
    for (const std::string& needed : {base_, base_ + "/cgroup.procs"}) {
        if (::eaccess(needed.c_str(), W_OK) == 0) continue;
        obstacle_ = fmt::format("{} cannot be written: {}", needed, std::strerror(errno));
        return;
    }
}

void CgroupTree::find_controllers() {
    const std::string available = read_file(base_ + "/cgroup.controllers");
    for (const Controller controller : kControllers) {
        if (has_word(available, name_of(controller))) continue;
        obstacles_[controller] = fmt::format("{} has no controller {}", base_, name_of(controller));
    }
    if (obstacles_.size() == kControllers.size()) return;
    std::string why;
    if (::eaccess((base_ + "/cgroup.subtree_control").c_str(), W_OK) != 0) {
        why = fmt::format("{}/cgroup.subtree_control cannot be written: {}", base_,
                          std::strerror(errno));
    } else if (needs_leaf_) {
        why = enter_leaf();
    }
    if (why.empty()) return;
    for (const Controller controller : kControllers) obstacles_.emplace(controller, why);
}

bool CgroupTree::is_alone_in_base() const {
    return read_file(base_ + "/cgroup.procs") == std::to_string(::getpid()) + "\n";
}

// Empty, or why not.
std::string CgroupTree::enter_leaf() {
    if (!is_alone_in_base()) return base_ + " has other processes than crond";
    Cgroup leaf(base_ + std::string(kLeaf));
    if (::mkdir(leaf.path().c_str(), 0755) != 0 && errno != EEXIST) {
        return system_failure(errno, "mkdir", leaf.path()).value().message;
    }
    const auto entrance = leaf.entrance();
    if (!entrance) return entrance.error().message;
    if (::write(entrance->get(), "0", 1) != 1) {
        return system_failure(errno, "enter", leaf.path()).value().message;
    }
    has_moved_ = true;
    return {};
}

const std::string& CgroupTree::obstacle(Controller controller) const {
    const auto found = obstacles_.find(controller);
    return found == obstacles_.end() ? obstacle_ : found->second;
}

Result<Cgroup> CgroupTree::make() {
    // The program before us in this process may have left some that live: not more than there are.
    std::string path = fmt::format("{}/{}{}", base_, prefix_, ++made_);
    while (::mkdir(path.c_str(), 0755) != 0) {
        if (errno != EEXIST) return system_failure(errno, "mkdir", path);
        path = fmt::format("{}/{}{}", base_, prefix_, ++made_);
    }
    return Cgroup(path);
}

std::vector<std::pair<Controller, Error>> CgroupTree::limit(const Cgroup& group,
                                                            const crontab::Limits& limits) {
    std::vector<std::pair<Controller, Error>> failed;
    for (const Controller controller : kControllers) {
        if (!is_limited(limits, controller) || !obstacle(controller).empty()) continue;
        auto done = enable(controller);
        if (done) done = group.limit(controller, limits);
        if (!done) failed.emplace_back(controller, done.error());
    }
    return failed;
}

// When the first group needs it: where no table sets a limit, the machine stays as it was.
Result<void> CgroupTree::enable(Controller controller) {
    if (enabled_.contains(controller)) return {};
    auto done = write_cgroup_file(base_ + "/cgroup.subtree_control",
                                  fmt::format("+{}", name_of(controller)));
    if (done) enabled_.insert(controller);
    return done;
}

// A group that hands controllers on may have no process of its own, so systemd could start nothing
// there while jobs live below it.
void CgroupTree::release() {
    if (!has_moved_) return;
    for (const Controller controller : enabled_) {
        static_cast<void>(write_cgroup_file(base_ + "/cgroup.subtree_control",
                                            fmt::format("-{}", name_of(controller))));
    }
    enabled_.clear();
}

std::vector<Cgroup> CgroupTree::left_behind() const {
    std::vector<Cgroup> groups;
    std::error_code error;
    std::filesystem::directory_iterator entries(base_, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        if (groups.size() == kLeftMax) break;
        if (is_left(entries->path().filename().string())) {
            groups.emplace_back(entries->path().string());
        }
    }
    return groups;
}

}  // namespace cron::process
