// JSON that people write: a tree in which every value knows its place, for messages about it.
// Source: RFC 8259, with the comments of C++ besides. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "crontab/report.h"

namespace cron::daemon {

inline constexpr std::size_t kJsonDepthMax = 32;

struct JsonMember;

struct JsonValue {
    enum class Kind { null, boolean, number, text, list, object };
    Kind kind = Kind::null;
    std::size_t begin = 0;  // byte offsets in the text, [begin, end)
    std::size_t end = 0;
    std::string text;  // a text without quotes and escapes; a number or boolean as written
    std::optional<std::uint64_t> whole;  // of a number that is whole and not negative
    std::vector<JsonMember> members;     // of an object, as written; what a list holds is not kept
};

struct JsonMember {
    std::string name;
    std::size_t begin = 0;  // of the name, with its quotes
    std::size_t end = 0;
    JsonValue value;
};

// The columns of the error are byte offsets in `text`. A name that an object has twice is an error,
// and so is what is not UTF-8, or nested deeper than kJsonDepthMax.
tl::expected<JsonValue, crontab::Finding> read_json(std::string_view text);

}  // namespace cron::daemon
