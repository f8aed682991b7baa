// Writes TZif files for tests. Source: RFC 8536, section 3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cron::zones {

struct TzifParts {
    char version = '2';
    std::vector<std::int64_t> times;
    std::vector<std::uint8_t> types_of_times;
    std::vector<std::int32_t> offsets{0};  // of the types; odd ones are daylight time
    std::uint32_t leap_count = 0;
    std::string footer;
};

inline void append_number(std::string& bytes, std::int64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
        bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> shift & 0xFF);
    }
}

inline std::string tzif_block(const TzifParts& parts, int time_size) {
    const std::string name("XXX\0", 4);
    std::string bytes = "TZif";
    bytes += parts.version;
    bytes.append(15, '\0');
    append_number(bytes, 0, 4);
    append_number(bytes, 0, 4);
    append_number(bytes, parts.leap_count, 4);
    append_number(bytes, static_cast<std::int64_t>(parts.times.size()), 4);
    append_number(bytes, static_cast<std::int64_t>(parts.offsets.size()), 4);
    append_number(bytes, static_cast<std::int64_t>(name.size()), 4);
    for (const std::int64_t time : parts.times) append_number(bytes, time, time_size);
    for (const std::uint8_t type : parts.types_of_times) append_number(bytes, type, 1);
    for (std::size_t i = 0; i < parts.offsets.size(); ++i) {
        append_number(bytes, parts.offsets[i], 4);
        append_number(bytes, static_cast<std::int64_t>(i % 2), 1);
        append_number(bytes, 0, 1);
    }
    bytes += name;
    bytes.append(parts.leap_count * (static_cast<std::size_t>(time_size) + 4), '\0');
    return bytes;
}

inline std::string tzif(const TzifParts& parts) {
    if (parts.version == '\0') return tzif_block(parts, 4);
    TzifParts empty;
    empty.version = parts.version;
    return tzif_block(empty, 4) + tzif_block(parts, 8) + '\n' + parts.footer + '\n';
}

}  // namespace cron::zones
