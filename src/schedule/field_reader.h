// Reads the text of one field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "schedule/schedule.h"

namespace cron::schedule {

// A part of the line, with its column.
struct Word {
    std::size_t begin = 0;
    std::string_view text;

    std::size_t end() const { return begin + text.size(); }
    Word part(std::size_t offset, std::size_t length = std::string_view::npos) const {
        return {begin + offset, text.substr(offset, length)};
    }
};

template <class T>
using Read = tl::expected<T, ParseError>;

inline tl::unexpected<ParseError> error_at(const Word& word, std::string message,
                                           std::string hint = {}) {
    return tl::unexpected<ParseError>(
        ParseError{word.begin, word.end(), std::move(message), std::move(hint)});
}

// What `field`, the text of the field `index`, names is set in `fields`. `seed` as for parse.
Read<void> read_field(std::size_t index, const Word& field, Form form, std::uint64_t seed,
                      Fields& fields);

}  // namespace cron::schedule
