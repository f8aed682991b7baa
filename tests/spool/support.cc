#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/unique_fd.h"
#include "spool/file.h"

namespace cron::spool::test {

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spool_test.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    // Without links of its own on the way.
    path_ = std::filesystem::canonical(pattern).string();
    change_mode(path_, 0755);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write(const std::string& path, std::string_view text) {
    const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    REQUIRE(fd);
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void replace(const std::string& path, std::string_view text) {
    const std::string folder(folder_of(path));
    write(folder + "/.new", text);
    rename(folder + "/.new", path);
}

void make_folder(const std::string& path) { REQUIRE(mkdir(path.c_str(), 0755) == 0); }
void change_mode(const std::string& path, mode_t mode) { REQUIRE(chmod(path.c_str(), mode) == 0); }
void change_owner(const std::string& path, uid_t owner) {
    REQUIRE(lchown(path.c_str(), owner, static_cast<gid_t>(-1)) == 0);
}
void link_to(const std::string& target, const std::string& link) {
    REQUIRE(symlink(target.c_str(), link.c_str()) == 0);
}
void rename(const std::string& from, const std::string& to) {
    REQUIRE(std::rename(from.c_str(), to.c_str()) == 0);
}
void remove(const std::string& path) { REQUIRE(std::filesystem::remove_all(path) > 0); }

bool may_change_owners() {
    if (geteuid() == 0) return true;
    WARN("not run as root: skipped");
    return false;
}

Spool::Spool() {
    crontabs = root.path() + "/crontabs";
    etc = root.path() + "/etc";
    system_table = etc + "/crontab";
    system_folder = etc + "/cron.d";
    for (const auto& folder : {crontabs, etc, system_folder}) make_folder(folder);
    users["root"] = {UserAnswer::Kind::known, geteuid()};
    users["alice"] = {UserAnswer::Kind::known, geteuid() == 0 ? kAlice : geteuid()};
    users["bob"] = {UserAnswer::Kind::known, geteuid() == 0 ? kBob : geteuid()};
    settings.places = {crontabs, system_table, system_folder};
    settings.trusted = geteuid();
    settings.find_zone = [](std::string_view) -> Result<calendar::Zone> {
        return failure(ErrorCode::not_found, "no zones here");
    };
    settings.find_user = [this](const std::string& name) {
        const auto found = users.find(name);
        return found == users.end() ? UserAnswer{} : found->second;
    };
}

void Spool::write_user(const std::string& user, std::string_view text) {
    const std::string path = crontabs + "/" + user;
    write(path, text);
    if (geteuid() == 0) change_owner(path, users.at(user).uid);
}

std::vector<std::string> loaded_names(const Changes& changes) {
    std::vector<std::string> names;
    for (const Loaded& loaded : changes.loaded) names.emplace_back(name_of(loaded.name));
    return names;
}

std::vector<std::string> commands(const Changes& changes, std::string_view name) {
    std::vector<std::string> found;
    for (const Loaded& loaded : changes.loaded) {
        if (name_of(loaded.name) != name) continue;
        for (const auto& entry : loaded.table.entries) found.push_back(entry->command);
    }
    return found;
}

std::string notices(const Changes& changes) {
    std::string lines;
    for (const Notice& notice : changes.notices)
        lines += "(" + notice.who + ") " + notice.message + "\n";
    return lines;
}

}  // namespace cron::spool::test
