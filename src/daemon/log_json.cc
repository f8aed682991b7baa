#include "daemon/log_json.h"

#include <cstddef>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/log_format.h"

namespace cron::daemon {
namespace {

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::string_view group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8U | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= group.size() ? kDigits[bits >> (18U - 6U * k) & 63U] : '=';
        }
    }
    return out;
}

}  // namespace

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
