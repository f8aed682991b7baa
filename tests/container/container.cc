#include "container.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

namespace cron::system_test {
namespace fs = std::filesystem;
namespace {

constexpr unsigned kNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
// The new root, before it is one.
constexpr const char* kRoot = BELFRY_IMAGE "/root";
constexpr const char* kImageFolders[] = {"/bin", "/lib", "/lib64", "/usr/local"};
constexpr const char* kDevices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/urandom"};

constexpr int kRefused = 126;  // the exit status of a child that did not get in
constexpr int kBroken = 125;   // for another reason than that the kernel refuses it

// ---- in the child, where nothing may throw: the tests would go on in it ----

void need(bool is_done, const std::string& what) {
    if (is_done) return;
    const int error = errno;
    const bool is_refused =
        error == EPERM || error == EACCES || error == ENOSYS || error == ENOSPC || error == EINVAL;
    const std::string text = "container: " + what + ": " + std::strerror(error) + "\n";
    static_cast<void>(::write(STDERR_FILENO, text.data(), text.size()));
    ::_exit(is_refused ? kRefused : kBroken);
}

void make_folder(const std::string& target) {
    std::error_code error;
    fs::create_directories(kRoot + target, error);
    errno = error.value();
    need(!error, "make " + target);
}

void bind_mount(const std::string& source, const std::string& target) {
    need(::mount(source.c_str(), (kRoot + target).c_str(), nullptr, MS_BIND, nullptr) == 0,
         "bind " + source);
}

void make_read_only(const std::string& path, unsigned flags) {
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    need(::mount_setattr(AT_FDCWD, path.c_str(), flags, &attributes, sizeof attributes) == 0,
         "mount_setattr " + path);
}

void build_root(const std::vector<Volume>& volumes) {
    need(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mount /");
    need(::mount("tmpfs", kRoot, "tmpfs", 0, "mode=755") == 0, "mount tmpfs");
    for (const char* folder : kImageFolders) {
        make_folder(folder);
        bind_mount(std::string(BELFRY_IMAGE) + folder, folder);
    }
    make_folder("/proc");
    make_folder("/dev");
    for (const char* device : kDevices) {
        std::ofstream(std::string(kRoot) + device).flush();
        bind_mount(device, device);
    }
    for (const Volume& volume : volumes) make_folder(volume.target);
    make_read_only(kRoot, AT_RECURSIVE);
    for (const Volume& volume : volumes) {
        bind_mount(volume.source, volume.target);
        if (!volume.is_writable) make_read_only(kRoot + volume.target, 0);
    }
    need(::mount("proc", (std::string(kRoot) + "/proc").c_str(), "proc",
                 MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0,
         "mount proc");
    need(::chdir(kRoot) == 0 && ::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
    need(::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0, "leave the old root");
}

void drop_privileges() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
        need(::prctl(PR_CAPBSET_DROP, capability) == 0, "PR_CAPBSET_DROP");
    }
    // By an ordinary user they are not to be had: groups may not be set, and he is mapped already.
    if (::geteuid() == 0) {
        need(::setgroups(0, nullptr) == 0, "setgroups");
        need(::setresgid(kContainerUid, kContainerUid, kContainerUid) == 0, "setresgid");
        need(::setresuid(kContainerUid, kContainerUid, kContainerUid) == 0, "setresuid");
    }
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2] = {};
    need(::syscall(SYS_capset, &header, none) == 0, "capset");
    need(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    // After the change of user, which would clear it.
    need(::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "PR_SET_PDEATHSIG");
}

void enter(const Order& order, int gate) {
    char is_mapped = 0;
    if (::read(gate, &is_mapped, 1) != 1) ::_exit(kRefused);  // its parent is gone
    need(::setsid() == ::getpid() && ::getpid() == 1, "PID 1");
    ::umask(022);
    build_root(order.volumes);
    drop_privileges();
    ::close(STDIN_FILENO);
    need(::open("/dev/null", O_RDONLY) == STDIN_FILENO, "stdin");
    if (order.stdout_fd >= 0) ::dup2(order.stdout_fd, STDOUT_FILENO);
    if (order.stderr_fd >= 0) ::dup2(order.stderr_fd, STDERR_FILENO);
    ::clearenv();
    ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
    ::setenv("HOME", "/", 1);
    for (const std::string& variable : order.environment) {
        ::putenv(const_cast<char*>(variable.c_str()));
    }
}

// ---- in the parent ----

// Root is two users in the container, so that files of the image are not of the one who runs there.
// Anybody else is one, himself.
std::string id_map(unsigned id) {
    const std::string inside = std::to_string(kContainerUid);
    if (::geteuid() == 0) return "0 0 1\n" + inside + " " + inside + " 1\n";
    return inside + " " + std::to_string(id) + " 1\n";
}

bool write_proc(pid_t pid, const std::string& name, const std::string& text) {
    const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// What the kernel refuses us. A container that does not work for another reason is a failure.
std::optional<std::string> obstacle() {
    // In a child, for it cannot be undone.
    Process namespaces({"/proc/self/exe"}, [] {
        need(::unshare(static_cast<int>(kNamespaces)) == 0, "unshare");
        ::_exit(0);
    });
    if (namespaces.wait() != 0) return namespaces.output();
    Container container({{"/bin/true"}, {}, {}});
    const int status = container.wait();
    if (status == kRefused) return container.output();
    REQUIRE(status == 0);
    return std::nullopt;
}

}  // namespace

bool has_containers() {
    static const std::optional<std::string> found = obstacle();
    if (!found) return true;
    std::cout << "containers are left out: they cannot be had here: " << *found << std::flush;
    WARN("left out: no containers here");
    return false;
}

Container::Gate Container::make_gate() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Container::Container(const Order& order) : Container(order, make_gate()) {}

Container::Container(const Order& order, Gate gate)
    : Process(
          order.command,
          [&] {
              gate.outside.reset();
              enter(order, gate.inside.get());
          },
          kNamespaces) {
    if (::geteuid() != 0) REQUIRE(write_proc(pid(), "setgroups", "deny"));
    REQUIRE(write_proc(pid(), "uid_map", id_map(::geteuid())));
    REQUIRE(write_proc(pid(), "gid_map", id_map(::getegid())));
    REQUIRE(::write(gate.outside.get(), "+", 1) == 1);
}

std::vector<Seen> Container::processes() const {
    const std::string proc = "/proc/" + std::to_string(pid()) + "/root/proc/";
    std::vector<Seen> found;
    for (const auto& entry : fs::directory_iterator(proc)) {
        const std::string stat = slurp(entry.path() / "stat");
        const std::size_t open = stat.find('(');
        const std::size_t close = stat.rfind(')');
        const bool is_process = std::isdigit(entry.path().filename().c_str()[0]) != 0;
        if (!is_process || close == std::string::npos) continue;
        Seen seen;
        seen.pid = std::stoi(stat);
        seen.name = stat.substr(open + 1, close - open - 1);
        std::istringstream(stat.substr(close + 1)) >> seen.state >> seen.parent;
        found.push_back(seen);
    }
    return found;
}

std::string Container::proc(const std::string& name) const {
    return slurp("/proc/" + std::to_string(pid()) + "/root/proc/1/" + name);
}

Machine::Machine() {
    fs::create_directories(path("/config"));
    fs::create_directories(path("/state"));
    if (::geteuid() != 0) return;
    REQUIRE(::chown(path("/state").c_str(), kContainerUid, kContainerUid) == 0);
}

Order Machine::order(const std::vector<std::string>& more) const {
    Order order;
    order.command = {"/usr/local/sbin/crond", "--foreground", "--log", "json"};
    order.command.insert(order.command.end(), more.begin(), more.end());
    order.command.push_back("/config/crontab");
    order.volumes = {{path("/config"), "/config", false}};
    return order;
}

std::string event(const std::string& name) { return "\"event\":\"" + name + "\""; }

std::vector<std::string> lines_with(const std::string& log, const std::vector<std::string>& parts) {
    std::vector<std::string> found;
    std::istringstream text(log);
    for (std::string line; std::getline(text, line);) {
        const bool has_all = std::all_of(parts.begin(), parts.end(), [&](const std::string& part) {
            return line.find(part) != std::string::npos;
        });
        if (has_all) found.push_back(line);
    }
    return found;
}

std::string text_of(const std::string& line, const std::string& key) {
    const std::string begin = "\"" + key + "\":\"";
    const std::size_t at = line.find(begin);
    if (at == std::string::npos) return "";
    return line.substr(at + begin.size(), line.find('"', at + begin.size()) - at - begin.size());
}

}  // namespace cron::system_test
