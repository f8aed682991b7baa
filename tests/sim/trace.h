// What happened in a simulation: a hash of all of it, its last lines, and the first rule broken.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "calendar/instant.h"

namespace cron::sim {

class Trace {
  public:
    // With a `log`, each line goes there too.
    explicit Trace(std::FILE* log) : log_(log) {}

    template <class... Arguments>
    void line(const Now& now, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        std::string& text = lines_[count_++ % lines_.size()];
        text.clear();
        fmt::format_to(std::back_inserter(text), "{} {} ", now.instant.time_since_epoch().count(),
                       now.monotonic.time_since_epoch().count());
        fmt::format_to(std::back_inserter(text), format, std::forward<Arguments>(arguments)...);
        hash_ = stable_hash(text, hash_);
        if (log_ != nullptr) fmt::print(log_, "{}\n", readable(text));
    }

    // A line about a fault or an ask: it stays to be told, however much follows.
    template <class... Arguments>
    void note(const Now& now, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        line(now, format, std::forward<Arguments>(arguments)...);
        notes_.push_back(readable(lines_[(count_ - 1) % lines_.size()]));
    }

    // A rule is broken. The first one counts.
    void fail(std::string_view checker, std::string_view message);
    const std::optional<std::string>& failure() const { return failure_; }
    const std::string& broken_rule() const { return broken_rule_; }  // its checker's name

    std::uint64_t hash() const { return hash_; }
    // The last lines, with wall clocks to read.
    std::string tail() const;
    const std::vector<std::string>& notes() const { return notes_; }

  private:
    // The line with its instant as a wall clock.
    static std::string readable(std::string_view line);

    std::FILE* log_;
    std::array<std::string, 30> lines_;
    std::size_t count_ = 0;
    std::uint64_t hash_ = 0;
    std::optional<std::string> failure_;
    std::string broken_rule_;
    std::vector<std::string> notes_;
};

// "2028-02-29 12:00:00.5" in UTC.
std::string print(Instant instant);

}  // namespace cron::sim
