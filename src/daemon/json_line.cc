#include "daemon/json_line.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cron::daemon {

void add_text(std::string& out, std::string_view key, std::string_view text) {
    if (is_utf8(text)) return add_value(out, key, nlohmann::json(text).dump());
    out.append("\"").append(key).append("_b64\":\"").append(base64(text)).append("\",");
}

void add_number(std::string& out, std::string_view key, std::int64_t number) {
    add_value(out, key, std::to_string(number));
}

void add_value(std::string& out, std::string_view key, std::string_view value) {
    out.append("\"").append(key).append("\":").append(value).append(",");
}

void close_object(std::string& out) {
    out.back() = '}';
    out += '\n';
}

}  // namespace cron::daemon
