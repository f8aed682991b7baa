#include "daemon/log_logrus.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compat/go_text.h"

namespace cron::daemon {

compat::Level logrus_level(Level level) {
    switch (level) {
        case Level::error:
            return compat::Level::error;
        case Level::warning:
            return compat::Level::warning;
        case Level::info:
            return compat::Level::info;
        case Level::debug:
            return compat::Level::debug;
    }
    return compat::Level::info;
}

std::string logrus_line(const Record& record, const Stamp& stamp, compat::Style style) {
    std::vector<compat::Field> fields;
    const std::string* message = nullptr;
    for (const Field& field : record.fields) {
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            fields.push_back({std::string(field.key), fmt::to_string(*number), true});
            continue;
        }
        const auto& text = std::get<std::string>(field.value);
        if (field.key == "message") {
            message = &text;
        } else {
            fields.push_back({std::string(field.key), text, false});
        }
    }
    const std::string event(record.event);
    if (message != nullptr && style == compat::Style::json) {
        fields.push_back({"event", event, false});
    }
    if (record.pid != 0) fields.push_back({"pid", fmt::to_string(record.pid), true});
    std::string time;
    compat::append_time(time, stamp.instant, stamp.zone);
    std::string line;
    compat::Line(style, logrus_level(record.level), std::move(fields))
        .append(line, message != nullptr ? *message : event, time);
    return line;
}

}  // namespace cron::daemon
