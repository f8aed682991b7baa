// What a job is called for as long as its entry exists: never a line number, so that history
// survives edits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace cron {

// Owner, table, and CRON_NAME or else (schedule text, command bytes), and the number among equals,
// as one immutable string. Cheap to copy and to compare; ordered by its bytes.
class JobId {
  public:
    JobId() : JobId(std::string()) {}

    static JobId named(std::string_view owner, std::string_view table, std::string_view name) {
        return JobId(join({owner, table, "name", name}));
    }
    // `number` counts the entries of the table with the same schedule text and command, from 0.
    static JobId of_line(std::string_view owner, std::string_view table,
                         std::string_view schedule_text, std::string_view command,
                         std::uint32_t number) {
        return JobId(join({owner, table, "line", schedule_text, command, std::to_string(number)}));
    }

    const std::string& bytes() const { return text_->bytes; }
    std::string_view owner() const { return field(0); }
    std::string_view table() const { return field(1); }
    // The name, or else the command: what people know the job by.
    std::string_view title() const { return field(2) == "name" ? field(3) : field(4); }
    std::uint64_t hash() const { return text_->hash; }

    friend bool operator==(const JobId& a, const JobId& b) {
        return a.text_ == b.text_ || (a.hash() == b.hash() && a.bytes() == b.bytes());
    }
    friend bool operator<(const JobId& a, const JobId& b) { return a.bytes() < b.bytes(); }

  private:
    struct Text {
        std::string bytes;
        std::uint64_t hash = 0;
    };

    explicit JobId(std::string bytes) {
        const std::uint64_t hash = stable_hash(bytes);
        text_ = std::make_shared<const Text>(Text{std::move(bytes), hash});
    }
    // NUL parts the fields: no field can hold one (a table with NUL bytes is refused).
    static std::string join(std::initializer_list<std::string_view> fields) {
        std::string bytes;
        for (const std::string_view field : fields) bytes.append(field).push_back('\0');
        return bytes;
    }

    std::string_view field(int number) const {
        std::string_view rest = bytes();
        for (; number > 0 && !rest.empty(); --number) {
            rest.remove_prefix(std::min(rest.find('\0'), rest.size() - 1) + 1);
        }
        return rest.substr(0, rest.find('\0'));
    }

    std::shared_ptr<const Text> text_;
};

}  // namespace cron

template <>
struct std::hash<cron::JobId> {
    std::size_t operator()(const cron::JobId& id) const noexcept {
        return static_cast<std::size_t>(id.hash());
    }
};
