#include "ctl/tables.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "process/user.h"
#include "spool/tables.h"
#include "spool/whole_text.h"

namespace cron::ctl {
namespace {

constexpr std::string_view kInput = "-";

using FindZone = std::function<Result<calendar::Zone>(std::string_view name)>;

// Tables mostly name the same few zones: each is read once.
FindZone remembering(const zones::Sources& sources) {
    using Known = std::map<std::string, Result<calendar::Zone>, std::less<>>;
    return [sources, known = std::make_shared<Known>()](std::string_view name) {
        const auto found = known->find(name);
        if (found != known->end()) return found->second;
        return known->emplace(name, zones::find_zone(name, sources)).first->second;
    };
}

class TableReader {
  public:
    TableReader(const Options& options, const Surroundings& surroundings, process::Identity caller,
                crontab::Options parsing)
        : options_(options),
          surroundings_(surroundings),
          caller_(std::move(caller)),
          places_(spool::places_below(options.root)),
          parsing_(std::move(parsing)) {}

    TableFiles read() {
        if (options_.what.empty()) read_machine();
        for (const std::string& file : options_.what) read_file(file);
        return std::move(files_);
    }

  private:
    void read_machine();
    void read_file(const std::string& file);
    TableFile identify(const std::string& file);

    const Options& options_;
    const Surroundings& surroundings_;
    process::Identity caller_;
    spool::Places places_;
    crontab::Options parsing_;
    TableFiles files_;
};

// As crond does, with all its rules for files and users.
void TableReader::read_machine() {
    spool::Settings settings;
    settings.places = places_;
    // The machine's own crond runs as root; one below another folder as whoever starts it.
    if (!options_.root.empty()) {
        settings.trusted = caller_.uid;
        settings.caller = caller_.name;
    }
    settings.machine_id = parsing_.machine_id;
    settings.zone = parsing_.zone;
    settings.find_zone = parsing_.find_zone;
    settings.find_user = [](const std::string& name) {
        return spool::answer_of(process::find_user(name));
    };
    settings.advise_from = parsing_.advise_from;
    spool::Changes changes = spool::Tables(settings).scan(surroundings_.now);
    for (const spool::Notice& notice : changes.notices)
        files_.problems.push_back({notice.path, notice.message, notice.severity});
    for (spool::Loaded& loaded : changes.loaded) {
        const bool is_users =
            std::filesystem::path(loaded.name).parent_path().string() == places_.crontabs;
        files_.tables.push_back({loaded.name, loaded.name, loaded.owner,
                                 is_users ? crontab::Kind::user : crontab::Kind::system,
                                 std::move(loaded.table)});
    }
}

// Without "." and "..": to compare by, for a name is as crond writes it.
std::filesystem::path normal(const std::string& path) {
    return std::filesystem::path(path).lexically_normal();
}

// The name, the owner and the kind that crond gives to the table at this path.
TableFile TableReader::identify(const std::string& file) {
    TableFile found;
    found.shown = file;
    found.owner = caller_.name;
    found.kind = options_.system ? crontab::Kind::system : crontab::Kind::user;
    found.name = absolute_path("FILE", file, surroundings_.directory).value_or(file);
    if (options_.as) {
        found.owner = *options_.as;
        found.name = fmt::format("{}/{}", places_.crontabs, *options_.as);
        return found;
    }
    const std::filesystem::path path = normal(found.name);
    const std::filesystem::path folder = path.parent_path();
    const std::string name = path.filename().string();
    const bool is_in_system_folder = folder == normal(places_.system_folder);
    if (path == normal(places_.system_table)) {
        found.kind = crontab::Kind::system;
        found.name = places_.system_table;
    } else if (is_in_system_folder) {
        found.kind = crontab::Kind::system;
        found.name = fmt::format("{}/{}", places_.system_folder, name);
    } else if (folder == normal(places_.crontabs) && !options_.system) {
        found.owner = name;
        found.name = fmt::format("{}/{}", places_.crontabs, name);
    }
    if (!is_in_system_folder) return found;
    if (const auto violation =
            spool::name_violation(name, crontab::ways_of(parsing_.flavour).file_names)) {
        files_.problems.push_back(
            {file, fmt::format("{}: crond ignores this file: {}", printable(file), *violation),
             crontab::Severity::warning});
    }
    return found;
}

void TableReader::read_file(const std::string& file) {
    TableFile found = identify(file);
    const auto is_same = [&](const TableFile& one) { return one.name == found.name; };
    if (std::any_of(files_.tables.begin(), files_.tables.end(), is_same)) return;
    Result<std::string> text;
    if (file == kInput) {
        text = surroundings_.read_input();
    } else {
        const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
        text = fd ? spool::read_all(fd.get(), printable(file))
                  : system_failure(errno, "open", printable(file));
    }
    if (!text) {
        files_.problems.push_back({file, text.error().message, crontab::Severity::error});
        return;
    }
    parsing_.kind = found.kind;
    parsing_.owner = found.owner;
    parsing_.name = found.name;
    found.table = crontab::parse(*text, parsing_);
    files_.tables.push_back(std::move(found));
}

}  // namespace

bool TableFiles::have_errors() const {
    return std::any_of(problems.begin(), problems.end(),
                       [](const FileProblem& problem) {
                           return problem.severity == crontab::Severity::error;
                       }) ||
           std::any_of(tables.begin(), tables.end(),
                       [](const TableFile& file) { return file.table.has_errors(); });
}

Result<TableFiles> read_tables(const Options& options, const Surroundings& surroundings,
                               const calendar::Zone& zone, std::optional<Instant> advise_from) {
    auto caller = process::current_user(surroundings.home);
    if (!caller) return tl::unexpected(caller.error());
    crontab::Options parsing;
    parsing.machine_id = surroundings.machine_id;
    parsing.zone = zone;
    parsing.find_zone = remembering(surroundings.zones);
    parsing.advise_from = advise_from;
    return TableReader(options, surroundings, *std::move(caller), std::move(parsing)).read();
}

}  // namespace cron::ctl
