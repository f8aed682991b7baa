// What a job is called for as long as its entry exists: never a line number, so that history
// survives edits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cron {

// Owner, table, and CRON_NAME or else (schedule text, command bytes), and the number among equals,
// as one immutable string. Cheap to copy; ordered by its bytes. Not for hash tables: users choose
// most of its bytes, and could choose them to collide.
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

    // Of what bytes() gave.
    static JobId of_bytes(std::string bytes) { return JobId(std::move(bytes)); }

    const std::string& bytes() const { return *text_; }
    std::string_view owner() const { return field(0); }
    std::string_view table() const { return field(1); }
    bool is_named() const { return field(2) == "name"; }
    // The name, or else the command: what people know the job by.
    std::string_view title() const { return is_named() ? field(3) : field(4); }

    friend bool operator==(const JobId& a, const JobId& b) {
        return a.text_ == b.text_ || *a.text_ == *b.text_;
    }
    friend bool operator<(const JobId& a, const JobId& b) { return a.bytes() < b.bytes(); }

  private:
    explicit JobId(std::string bytes)
        : text_(std::make_shared<const std::string>(std::move(bytes))) {}
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

    std::shared_ptr<const std::string> text_;
};

}  // namespace cron
