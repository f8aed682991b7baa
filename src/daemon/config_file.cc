#include "daemon/config_file.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "spool/file.h"

namespace cron::daemon {
namespace {

ConfigReading bad_file(std::string reason) {
    crontab::Diagnostic diagnostic;
    diagnostic.name = "bad-file";
    diagnostic.message = std::move(reason);
    return {std::nullopt, {std::move(diagnostic)}};
}

spool::Checked<spool::Content> read_text(const ConfigFile& file) {
    const spool::Folder folder{-1, std::string(spool::folder_of(file.path))};
    const UniqueFd fd(::open(folder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) {
        const int error = errno;
        const bool is_gone = error == ENOENT;
        return tl::unexpected<spool::Problem>(
            {is_gone ? spool::Trouble::gone : spool::Trouble::unreadable, "CAN'T OPEN",
             system_failure(error, "open", folder.path).value().message});
    }
    std::vector<spool::Watched> steps;  // nobody watches it: SIGHUP tells
    const auto found = spool::find(
        {fd.get(), folder.path}, std::string(spool::name_of(file.path)),
        file.is_argument ? spool::Links::followed : spool::Links::trusted, file.trusted, steps);
    if (!found) return tl::unexpected<spool::Problem>(found.error());
    spool::Rules rules;
    rules.place = file.is_argument ? spool::Place::argument : spool::Place::system_table;
    rules.trusted = file.trusted;
    rules.bytes_max = kConfigBytesMax;
    rules.noun = "a file of settings";
    return spool::read_table(*found, rules);
}

}  // namespace

ConfigReading read_config(const ConfigFile& file) {
    if (file.path.empty()) return {Config{}, {}};
    const auto content = read_text(file);
    if (content) return parse_config(content->text);
    const bool is_gone = content.error().trouble == spool::Trouble::gone;
    if (!is_gone) return bad_file(content.error().detail);
    if (file.must_exist) return bad_file("it does not exist");
    return {Config{}, {}};
}

void ConfigReader::read() {
    if (is_reading_) {
        is_asked_again_ = true;
        return;
    }
    is_reading_ = worker_.post([this, file = file_]() -> Worker::Continuation {
        return [this, reading = read_config(file)]() mutable { done(std::move(reading)); };
    });
    if (!is_reading_) read_(bad_file("it cannot be read now, too much else waits to be read"));
}

void ConfigReader::done(ConfigReading reading) {
    is_reading_ = false;
    // Word of each, or a storm of signals would keep the news from us.
    read_(std::move(reading));
    if (std::exchange(is_asked_again_, false)) read();
}

}  // namespace cron::daemon
