// One fact for the log, before anything is known of how and where it is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cron::daemon {

enum class Level { error, warning, info, debug };

enum class LogFormat {
    syslog,
    text,
    json,
    logrus,       // as supercronic writes it
    logrus_json,  // likewise, with -json
};

struct Field {
    std::string_view key;  // a literal: lower case, words joined by _
    std::variant<std::string, std::int64_t> value;
};

struct Record {
    Level level = Level::info;
    std::string_view event;  // a literal: lower case, words joined by -
    std::vector<Field> fields;
    // How classic crons say it in syslog, by classic_line(). Where it is empty, syslog has event
    // and fields in the same shape, as "(CRON) INFO (event key=value)".
    std::string classic;
    // The process of the job that the fact is about; 0: the daemon's own.
    int pid = 0;
    // Who says it in syslog; empty: crond, or its job.
    std::string_view ident{};  // a literal
};

}  // namespace cron::daemon
