#include "compat/logrus.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "compat/go_text.h"

namespace cron::compat {
namespace {

std::string_view name_of(Level level) {
    switch (level) {
        case Level::fatal:
            return "fatal";
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::info:
            return "info";
        case Level::debug:
            return "debug";
    }
    return "";
}

// In quotes unless all of it is harmless; nothing at all is.
void append_text(std::string& out, std::string_view value) {
    constexpr std::string_view kHarmless = "-._/@^+";
    const bool is_plain = std::all_of(value.begin(), value.end(), [&](char c) {
        return is_alnum(c) || kHarmless.find(c) != std::string_view::npos;
    });
    if (is_plain) {
        out += value;
    } else {
        append_quoted(out, value);
    }
}

void append_member(std::string& out, const Field& field) {
    if (out.empty() || out.back() != '{') out += ',';
    append_json(out, field.key);
    out += ':';
    if (field.is_number) {
        out += field.value;
    } else {
        append_json(out, field.value);
    }
}

}  // namespace

Line::Line(Style style, Level level, std::vector<Field> fields) : style_(style) {
    std::sort(fields.begin(), fields.end(),
              [](const Field& a, const Field& b) { return a.key < b.key; });
    if (style == Style::text) {
        head_ = "time=\"";
        middle_ = fmt::format("\" level={} msg=", name_of(level));
        for (const Field& field : fields) {
            tail_ += fmt::format(" {}=", field.key);
            append_text(tail_, field.value);
        }
        return;
    }
    fields.push_back({"level", std::string(name_of(level)), false});
    std::sort(fields.begin(), fields.end(),
              [](const Field& a, const Field& b) { return a.key < b.key; });
    head_ = "{";
    for (const Field& field : fields) {
        append_member(field.key < "msg" ? head_ : (field.key < "time" ? middle_ : tail_), field);
    }
    head_ += ",\"msg\":";
    middle_ += ",\"time\":\"";
    tail_.insert(0, 1, '"').push_back('}');
}

void Line::append(std::string& out, std::string_view message, std::string_view time) const {
    out += head_;
    if (style_ == Style::text) {
        out.append(time).append(middle_);
        append_text(out, message);
    } else {
        append_json(out, message);
        out.append(middle_).append(time);
    }
    out.append(tail_).push_back('\n');
}

void TimeWriter::set_zone(const calendar::Zone& zone) {
    zone_ = zone;
    second_ = std::chrono::sys_seconds::min();
}

std::string_view TimeWriter::write(Instant instant) {
    const auto second = floor_seconds(instant);
    if (second != second_) {
        second_ = second;
        text_.clear();
        append_time(text_, instant, zone_);
    }
    return text_;
}

}  // namespace cron::compat
