// Reads /etc/crond.json: checked as the tables of the system are, for root reads it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "daemon/config.h"
#include "daemon/worker.h"

namespace cron::daemon {

struct ConfigFile {
    std::string path;         // absolute; empty: there is none
    bool must_exist = false;  // it was asked for: without it is not as meant
    uid_t trusted = 0;        // whose file is as good as root's: the user crond runs as
    // Whoever owns it and may write to it, and over any link, as tables that are arguments beside
    // it are read.
    bool is_argument = false;
};

// What the file says: the defaults where there is none. A file that may not be read, for its owner,
// mode, type, size or a link on its way, is an error on line 0. May wait for a disk.
ConfigReading read_config(const ConfigFile& file);

// Reads it again, on the worker.
class ConfigReader {
  public:
    using Read = std::function<void(ConfigReading reading)>;

    // `read` is called on the loop's thread after each reading.
    ConfigReader(Worker& worker, ConfigFile file, Read read)
        : worker_(worker), file_(std::move(file)), read_(std::move(read)) {}
    ConfigReader(const ConfigReader&) = delete;
    ConfigReader& operator=(const ConfigReader&) = delete;

    // What is in the file from now on is read: all that asks during one reading is one more.
    void read();

  private:
    void done(ConfigReading reading);

    Worker& worker_;
    ConfigFile file_;
    Read read_;
    bool is_reading_ = false;
    bool is_asked_again_ = false;
};

}  // namespace cron::daemon
