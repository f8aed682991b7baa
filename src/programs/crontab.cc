// crontab: installs, shows, edits and removes the tables of users. It has no set-id bit: root, and
// who owns the spool, change it themselves; all others ask crond.
#include <fcntl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>

#include <fmt/format.h>

#include "base/text.h"
#include "control/client.h"
#include "edit/crontab.h"
#include "edit/draft.h"
#include "edit/editor.h"
#include "process/user.h"
#include "spool/machine_id.h"
#include "spool/tables.h"
#include "zones/load.h"

namespace {

using namespace cron;
using namespace cron::edit;

// A file that we open must not become our stdout. In the place of one that is closed comes what can
// neither be read nor written.
void occupy_standard_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", O_PATH);
    }
}

// Should somebody install us with a set-id bit: whatever it gives is not for editors and files of
// the caller.
bool is_caller() {
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    return ::setresgid(gid, gid, gid) == 0 && ::setresuid(uid, uid, uid) == 0;
}

std::string working_directory() {
    char path[4096];
    return ::getcwd(path, sizeof path) == nullptr ? "/" : path;
}

struct Persons {
    process::Identity caller;
    spool::TableOwner owner;  // of the table
};

// Who we are is what the kernel says, never USER or LOGNAME.
Result<Persons> find_persons(const Options& options) {
    auto caller = process::current_user("");
    if (!caller) return tl::unexpected(caller.error());
    const std::string& name = options.user ? *options.user : caller->name;
    const auto owner = process::find_user(name);
    if (!owner && owner.error().code == ErrorCode::not_found) {
        return failure(ErrorCode::not_found,
                       options.user
                           ? fmt::format("user '{}' unknown", name)
                           : fmt::format("your user ID ({}) has no name on this machine", name));
    }
    if (!owner) return tl::unexpected(owner.error());
    if (owner->uid != caller->uid && caller->uid != 0)
        return failure(ErrorCode::denied, "must be privileged to use -u for another user");
    return Persons{*std::move(caller), {owner->name, owner->uid}};
}

bool owns(const std::string& folder, uid_t uid) {
    struct stat status {};
    return ::stat(folder.c_str(), &status) == 0 && status.st_uid == uid;
}

// As crond on this root has it; the TZ of the caller is not its.
zones::Sources zones_below(const std::string& root) {
    zones::Sources sources;
    const std::string localtime = root + "/etc/localtime";
    if (::access(localtime.c_str(), F_OK) == 0) sources.localtime = localtime;
    return sources;
}

crontab::Options parsing_for(const std::string& user, const spool::Places& places,
                             const std::string& root) {
    crontab::Options parsing;
    parsing.owner = user;
    parsing.name = places.crontabs + "/" + user;
    parsing.machine_id = spool::read_machine_id();
    const zones::Sources sources = zones_below(root);
    parsing.zone = zones::local_zone(sources).value_or(calendar::Zone());
    parsing.find_zone = [sources](std::string_view name) {
        return zones::find_zone(name, sources);
    };
    return parsing;
}

Desk desk_for(const Persons& persons, const spool::Places& places, const std::string& root,
              bool is_direct) {
    if (is_direct) {
        const std::string spool = root + "/var/spool/cron";
        return direct_desk(spool::UserTables({places.crontabs, spool + "/previous"}),
                           persons.owner);
    }
    return [socket = root + "/run/crond.sock"](const control::Request& request) {
        return control::ask(socket, request);
    };
}

// As the classics have it. What the daemon does for us it logs itself: of an edit it sees but
// parts.
std::function<void(std::string_view)> log_of(const Persons& persons, bool is_direct) {
    ::openlog("crontab", LOG_PID, LOG_CRON);
    return [who = printable(persons.caller.name), whose = printable(persons.owner.name),
            is_direct](std::string_view event) {
        if (!is_direct && !event.ends_with("EDIT")) return;
        ::syslog(LOG_INFO, "(%s) %s (%s)", who.c_str(), std::string(event).c_str(), whose.c_str());
    };
}

int run_options(const Options& options, const Terminal& terminal) {
    if (options.notice) {
        const auto printed = terminal.print(*options.notice);
        if (!printed) terminal.say(printed.error().message);
        return printed ? kGood : kFailed;
    }
    const auto persons = find_persons(options);
    if (!persons) {
        terminal.say(persons.error().message);
        return kFailed;
    }
    const spool::Places places = spool::places_below(options.root);
    const uid_t uid = persons->caller.uid;
    const bool is_direct = uid == 0 || owns(places.crontabs, uid);
    Scene scene{persons->owner.name,
                desk_for(*persons, places, options.root, is_direct),
                terminal,
                parsing_for(persons->owner.name, places, options.root),
                std::chrono::floor<microseconds>(std::chrono::system_clock::now()),
                temporary_folder(std::getenv("TMPDIR")),
                [](const std::string& path) {
                    return run_editor(editor_of(std::getenv("VISUAL"), std::getenv("EDITOR")),
                                      path);
                },
                [](std::string_view) {}};
    if (options.root.empty()) scene.log = log_of(*persons, is_direct);
    return run(options, scene);
}

}  // namespace

int main(int argc, char** argv) {
    occupy_standard_streams();
    // Whoever reads us may go: then write says so.
    std::signal(SIGPIPE, SIG_IGN);
    // A file that may grow no more is an error of write too.
    std::signal(SIGXFSZ, SIG_IGN);
    const Terminal terminal(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
    if (!is_caller()) {
        terminal.say("cannot give up a set-id bit, which crontab must not have");
        return kFailed;
    }
    const auto options = parse_options(
        std::span<const char* const>(argv + (argc > 0 ? 1 : 0), argv + argc), working_directory());
    if (!options) {
        terminal.say(options.error().message);
        terminal.show(usage());
        return kFailed;
    }
    return run_options(*options, terminal);
}
