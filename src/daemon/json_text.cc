#include "daemon/json_text.h"

#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/text.h"

namespace cron::daemon {
namespace {

using crontab::Finding;

// Tells how far the parser has read, which its events do not say.
class Reach {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    Reach(const char* at, const char** reached) : at_(at), reached_(reached) {}
    const char& operator*() const { return *at_; }
    Reach& operator++() {
        *reached_ = ++at_;
        return *this;
    }
    Reach operator++(int) {
        Reach before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const Reach& a, const Reach& b) { return a.at_ == b.at_; }

  private:
    const char* at_;
    const char** reached_;
};

// Where the text begins that ends with the quote before `end`: every quote within has a backslash
// before it, and the one that opens it has none.
std::size_t begin_of_text(std::string_view text, std::size_t end) {
    std::size_t quote = end - 1;
    do {
        quote = text.rfind('"', quote - 1);
        CRON_CHECK(quote != std::string_view::npos);
    } while (quote > 0 && text[quote - 1] == '\\');
    return quote;
}

std::size_t begin_of_number(std::string_view text, std::size_t end) {
    constexpr std::string_view kBytes = "0123456789+-.eE";
    while (end > 0 && kBytes.find(text[end - 1]) != std::string_view::npos) --end;
    return end;
}

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing
// value - unexpected '}'; last read: ..." without all that we say in other words.
std::string reason_of(std::string_view message) {
    if (const std::size_t name = message.find("] "); name != std::string_view::npos) {
        message.remove_prefix(name + 2);
    }
    if (const std::size_t dash = message.find(" - "); dash != std::string_view::npos) {
        message.remove_prefix(dash + 3);
    }
    message = message.substr(0, message.find("; last read: "));
    return "this is not JSON: " + printable(message);
}

// What was probably meant where the parser stopped, at `place`.
std::string hint_at(std::string_view text, std::size_t place, std::string_view reason) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return "the least that can stand here is {}";
    }
    if (place >= text.size()) return {};
    const char found = text[place];
    const std::size_t before =
        place == 0 ? std::string_view::npos : text.find_last_not_of(" \t\r\n", place - 1);
    const bool is_end = found == '}' || found == ']';
    if (is_end && before != std::string_view::npos && text[before] == ',') {
        return "remove the comma before it";
    }
    const bool is_open_text = reason.find("missing closing quote") != std::string_view::npos ||
                              (found == '\n' && reason.find("string") != std::string_view::npos);
    if (is_open_text) return "the text before it has no quote at its end";
    if (found == '#') return "a comment begins with //, or stands between /* and */";
    if (found == '\'') return "a text stands in double quotes";
    if (reason.find("invalid literal") != std::string_view::npos) {
        return "a text stands in double quotes; true, false, null and numbers do without";
    }
    return {};
}

// Makes the tree out of what the parser reports. False from one of these ends the parsing.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    using Kind = JsonValue::Kind;

    explicit Builder(std::string_view text) : text_(text), reached_(text.data()) {}

    tl::expected<JsonValue, Finding> build() {
        Reach first(text_.data(), &reached_);
        Reach last(text_.data() + text_.size(), &reached_);
        try {
            const bool is_read = nlohmann::json::sax_parse(
                first, last, this, nlohmann::json::input_format_t::json, true, true);
            CRON_CHECK(is_read != fault_.has_value());
        } catch (const nlohmann::json::exception& error) {
            stop({"not-json", end(), end(), reason_of(error.what()), {}});
        }
        if (fault_) return tl::unexpected<Finding>(*std::move(fault_));
        return std::move(root_);
    }

    bool null() override { return add(value(Kind::null, 4)); }
    bool boolean(bool is_true) override {
        JsonValue read = value(Kind::boolean, is_true ? 4 : 5);
        read.text = is_true ? "true" : "false";
        return add(std::move(read));
    }
    bool number_integer(number_integer_t) override { return add(number()); }
    bool number_unsigned(number_unsigned_t whole) override {
        JsonValue read = number();
        read.whole = whole;
        return add(std::move(read));
    }
    bool number_float(number_float_t, const string_t&) override { return add(number()); }
    bool string(string_t& text) override {
        JsonValue read = value(Kind::text, end() - begin_of_text(text_, end()));
        read.text = std::move(text);
        return add(std::move(read));
    }
    bool binary(binary_t&) override { return false; }  // not in JSON

    bool start_object(std::size_t) override { return open(Kind::object); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Kind::list); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Open& object = open_.back();
        const std::size_t begin = begin_of_text(text_, end());
        if (!object.names.insert(name).second) {
            return stop({"duplicate-key", begin, end(),
                         fmt::format("{} is there twice", cron::quoted(name)), "keep one of them"});
        }
        object.value.members.push_back({std::move(name), begin, end(), {}});
        return true;
    }

    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::json::exception& error) override {
        const std::string reason = reason_of(error.what());
        const auto is_unexpected = [&](std::string_view what) {
            return reason.find(fmt::format("unexpected {}", what)) != std::string::npos;
        };
        std::size_t begin = end() == 0 ? 0 : end() - 1;
        if (is_unexpected("end of input")) {
            begin = text_.find_last_not_of(" \t\r\n") + 1;
            return stop({"not-json", begin, begin, reason, hint_at(text_, text_.size(), reason)});
        }
        if (is_unexpected("string literal")) begin = begin_of_text(text_, end());
        if (is_unexpected("number literal")) begin = begin_of_number(text_, number_end());
        return stop({"not-json", begin, begin + 1, reason, hint_at(text_, begin, reason)});
    }

  private:
    struct Open {
        JsonValue value;
        std::set<std::string> names;
    };

    // Just after what was read last.
    std::size_t end() const { return static_cast<std::size_t>(reached_ - text_.data()); }

    // Of a number the parser sees the end only at the byte after it.
    std::size_t number_end() const {
        const bool is_over = begin_of_number(text_, end()) == end();
        return is_over ? end() - 1 : end();
    }

    JsonValue value(Kind kind, std::size_t size) const {
        JsonValue value;
        value.kind = kind;
        value.begin = end() - size;
        value.end = end();
        return value;
    }
    JsonValue number() const {
        JsonValue value;
        value.kind = Kind::number;
        value.end = number_end();
        value.begin = begin_of_number(text_, value.end);
        value.text = text_.substr(value.begin, value.end - value.begin);
        return value;
    }

    bool open(Kind kind) {
        if (open_.size() == kJsonDepthMax) {
            return stop({"too-deep",
                         end() - 1,
                         end(),
                         fmt::format("this is nested deeper than {} levels", kJsonDepthMax),
                         {}});
        }
        open_.push_back({value(kind, 1), {}});
        return true;
    }
    bool close() {
        JsonValue value = std::move(open_.back().value);
        open_.pop_back();
        value.end = end();
        return add(std::move(value));
    }
    bool add(JsonValue value) {
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (JsonValue& parent = open_.back().value; parent.kind == Kind::object) {
            parent.members.back().value = std::move(value);
        }
        return true;
    }
    bool stop(Finding fault) {
        fault_ = std::move(fault);
        return false;
    }

    std::string_view text_;
    const char* reached_;
    JsonValue root_;
    std::vector<Open> open_;  // the objects and lists that we are in, the outermost first
    std::optional<Finding> fault_;
};

// The first byte that is no part of a character.
std::optional<std::size_t> find_bad_byte(std::string_view text) {
    if (is_utf8(text)) return std::nullopt;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t size = 1;
        while (size <= 4 && !is_utf8(text.substr(at, size))) ++size;
        if (size > 4) return at;
        at += size;
    }
    return std::nullopt;
}

}  // namespace

tl::expected<JsonValue, Finding> read_json(std::string_view text) {
    if (const auto bad = find_bad_byte(text)) {
        return tl::unexpected<Finding>(
            {"not-utf-8", *bad, *bad + 1,
             fmt::format("the byte {} is not UTF-8", printable(text.substr(*bad, 1))),
             "save the file as UTF-8"});
    }
    return Builder(text).build();
}

}  // namespace cron::daemon
