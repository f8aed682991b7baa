#include "daemon/log_json.h"

#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/log_format.h"

namespace cron::daemon {

std::string json_object(const Record& record, std::string_view time) {
    nlohmann::ordered_json object;
    object["time"] = time;
    object["level"] = name_of(record.level);
    object["event"] = record.event;
    for (const Field& field : record.fields) {
        std::string key(field.key);
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            object[key] = *number;
        } else if (const auto& text = std::get<std::string>(field.value); is_utf8(text)) {
            object[key] = text;
        } else {
            object[key + "_b64"] = base64(text);
        }
    }
    if (record.pid != 0) object["pid"] = record.pid;
    return object.dump();
}

}  // namespace cron::daemon
