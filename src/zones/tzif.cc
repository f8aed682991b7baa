#include "zones/tzif.h"

#include <cstddef>
#include <cstdint>

#include <fmt/format.h>

namespace cron::zones {
namespace {

constexpr std::string_view kMagic = "TZif";
constexpr std::size_t kHeaderSize = 44;
constexpr std::size_t kTypeSize = 6;
// RFC 8536, section 3.2: offsets should be more than -25 hours and less than 26 hours.
constexpr std::int64_t kOffsetMin = -25 * 3600 + 1;
constexpr std::int64_t kOffsetMax = 26 * 3600 - 1;

struct Header {
    char version = '\0';
    std::uint64_t ut_count = 0;
    std::uint64_t standard_count = 0;
    std::uint64_t leap_count = 0;
    std::uint64_t time_count = 0;
    std::uint64_t type_count = 0;
    std::uint64_t char_count = 0;

    // The data after the header, where a time takes `time_size` bytes.
    std::uint64_t data_size(std::uint64_t time_size) const {
        return time_count * (time_size + 1) + type_count * kTypeSize + char_count +
               leap_count * (time_size + 4) + standard_count + ut_count;
    }
};

tl::unexpected<Error> cut_short() { return failure(ErrorCode::invalid, "is cut short"); }

std::uint8_t byte_at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint8_t>(bytes[index]);
}

// A big-endian number in two's complement.
std::int64_t read_number(std::string_view bytes, std::size_t begin, std::size_t size) {
    std::uint64_t value = (byte_at(bytes, begin) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | byte_at(bytes, begin + i);
    return static_cast<std::int64_t>(value);
}

Result<Header> read_header(std::string_view bytes) {
    if (bytes.substr(0, kMagic.size()) != kMagic) {
        return failure(ErrorCode::invalid, "is not a time zone file (it does not begin with TZif)");
    }
    if (bytes.size() < kHeaderSize) return cut_short();
    const auto count = [&](std::size_t index) {
        return static_cast<std::uint64_t>(read_number(bytes, 20 + 4 * index, 4) & 0xFFFF'FFFF);
    };
    return Header{bytes[4], count(0), count(1), count(2), count(3), count(4), count(5)};
}

// The offsets of the types, which begin at `types` in `data`.
Result<std::vector<seconds>> read_offsets(const Header& header, std::string_view data,
                                          std::size_t types) {
    std::vector<seconds> offsets;
    for (std::size_t i = 0; i < header.type_count; ++i) {
        const std::int64_t offset = read_number(data, types + i * kTypeSize, 4);
        if (offset < kOffsetMin || offset > kOffsetMax) {
            return failure(ErrorCode::invalid,
                           fmt::format("has an offset of {} seconds from UTC", offset));
        }
        if (byte_at(data, types + i * kTypeSize + 5) >= header.char_count) {
            return failure(ErrorCode::invalid,
                           fmt::format("has a type without a name (number {})", i));
        }
        offsets.push_back(seconds{offset});
    }
    return offsets;
}

// `data` has the size that `header` says.
Result<Tzif> read_data(const Header& header, std::string_view data, std::size_t time_size) {
    if (header.leap_count > 0) {
        return failure(ErrorCode::invalid,
                       "counts leap seconds, which the system's clock does not (use the zone "
                       "without 'right/')");
    }
    if (header.type_count == 0) return failure(ErrorCode::invalid, "has no local time types");
    const std::size_t type_of_time = header.time_count * time_size;
    const auto offsets = read_offsets(header, data, type_of_time + header.time_count);
    if (!offsets) return tl::unexpected(offsets.error());
    Tzif file;
    file.initial = offsets->front();
    for (std::size_t i = 0; i < header.time_count; ++i) {
        const std::chrono::sys_seconds at{seconds{read_number(data, i * time_size, time_size)}};
        if (!file.transitions.empty() && at <= file.transitions.back().at) {
            return failure(ErrorCode::invalid,
                           fmt::format("has times out of order (number {})", i));
        }
        const std::uint8_t type = byte_at(data, type_of_time + i);
        if (type >= header.type_count) {
            return failure(ErrorCode::invalid,
                           fmt::format("names a type that it does not have (number {})", i));
        }
        file.transitions.push_back({at, (*offsets)[type]});
    }
    return file;
}

}  // namespace

Result<Tzif> read_tzif(std::string_view bytes) {
    auto header = read_header(bytes);
    if (!header) return tl::unexpected(header.error());
    const char version = header->version;
    bytes.remove_prefix(kHeaderSize);
    if (bytes.size() < header->data_size(4)) return cut_short();
    if (version == '\0') return read_data(*header, bytes, 4);
    if (version < '2') return failure(ErrorCode::invalid, "has a version that is not known");

    // From version 2 on all comes again, with times of 8 bytes, and then the footer.
    bytes.remove_prefix(header->data_size(4));
    if (bytes.empty()) return cut_short();
    header = read_header(bytes);
    if (!header) return tl::unexpected(header.error());
    if (header->version != version) return failure(ErrorCode::invalid, "says two versions");
    bytes.remove_prefix(kHeaderSize);
    const std::uint64_t size = header->data_size(8);
    if (bytes.size() < size + 2) return cut_short();
    auto file = read_data(*header, bytes, 8);
    if (!file) return file;
    // footer = "\n" rule "\n"
    bytes.remove_prefix(size);
    const std::size_t end = bytes.find('\n', 1);
    if (bytes.front() != '\n' || end == std::string_view::npos) return cut_short();
    file->footer = std::string(bytes.substr(1, end - 1));
    return file;
}

}  // namespace cron::zones
