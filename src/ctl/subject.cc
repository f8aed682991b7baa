#include "ctl/subject.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "ctl/report.h"

namespace cron::ctl {
namespace {

// Readings with so many seeds agree only where there is nothing to choose.
constexpr std::uint64_t kSeeds = 16;

bool is_schedule(std::string_view text, schedule::Form form) {
    return schedule::parse_whole(text, 0, form).has_value();
}

bool is_choice(std::string_view text, const schedule::Schedule& schedule, schedule::Form form) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        if (schedule::parse_whole(text, seed, form).value() != schedule) return true;
    }
    return false;
}

// A word of digits and signs, as fields are, or a nickname.
bool looks_like_schedule(std::string_view word) {
    if (word.starts_with('@')) return true;
    constexpr std::string_view kSigns = "*/,-~?#";
    return !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
        return is_digit(c) || kSigns.find(c) != std::string_view::npos;
    });
}

std::size_t count_words(std::string_view text) {
    std::size_t words = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!is_blank(text[i]) && (i == 0 || is_blank(text[i - 1]))) ++words;
    }
    return words;
}

std::string join(const std::vector<std::string>& words) {
    std::string joined;
    for (const std::string& word : words) joined += joined.empty() ? word : ' ' + word;
    return joined;
}

schedule::Form form_of(const Options& options) {
    return options.seconds ? schedule::Form::six_fields : schedule::Form::five_fields;
}

// Neither a schedule nor a file.
Mistake neither(const std::string& text, schedule::Form form, bool has_colours) {
    const auto parsed = schedule::parse_whole(text, 0, form);
    const std::size_t words = count_words(text);
    const bool is_path =
        words <= 1 && text.find('/') != std::string::npos && !looks_like_schedule(text);
    if (is_path) return {complaint(fmt::format("{}: there is no such file", text))};
    const bool is_surely_schedule = words >= 5 || text.starts_with('@');
    return {shown(parsed.error(), text,
                  fmt::format("{}{}", is_surely_schedule ? "" : "no such file, and no schedule: ",
                              parsed.error().message),
                  has_colours)};
}

}  // namespace

tl::expected<Expression, Mistake> read_expression(std::string_view text, schedule::Form form,
                                                  bool has_colours) {
    Expression expression;
    expression.text = trim_blanks(text);
    expression.form = form;
    const auto parsed = schedule::parse_whole(expression.text, stable_hash(expression.text), form);
    if (!parsed) {
        return tl::unexpected(
            Mistake{shown(parsed.error(), expression.text, parsed.error().message, has_colours)});
    }
    expression.schedule = *parsed;
    expression.is_choice = is_choice(expression.text, *parsed, form);
    return expression;
}

tl::expected<std::optional<Expression>, Mistake> read_subject(
    const Options& options, const std::function<bool(const std::string&)>& exists,
    bool has_colours) {
    const std::vector<std::string>& words = options.what;
    const schedule::Form form = form_of(options);
    const auto wrong = [](std::string_view message) {
        return tl::unexpected(Mistake{complaint(message)});
    };
    const auto is_file = [&](const std::string& word) { return word == "-" || exists(word); };
    const auto files = [&]() -> tl::expected<std::optional<Expression>, Mistake> {
        if (!options.seconds) return std::nullopt;
        return wrong("--seconds is for a schedule; in a table it is CRON_SECONDS=yes");
    };
    const auto read = [&](const std::string& text) {
        return read_expression(text, form, has_colours).map([](Expression one) {
            return std::optional(std::move(one));
        });
    };
    if (options.system || options.as) {
        const bool has_schedule = words.size() == 1 && is_schedule(words[0], form);
        return has_schedule && !is_file(words[0]) ? wrong("--system and --as are for files")
                                                  : files();
    }
    if (words.empty()) return files();
    if (words.size() == 1) {
        if (is_schedule(words[0], form)) return read(words[0]);
        if (is_file(words[0])) return files();
        return tl::unexpected(neither(words[0], form, has_colours));
    }
    const auto whole = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
        return is_schedule(word, form) && !is_file(word);
    });
    if (whole != words.end()) {
        return wrong(
            fmt::format("{} is a schedule: one at a time, and no file beside it", quoted(*whole)));
    }
    const std::string joined = join(words);
    const bool has_file = std::any_of(words.begin(), words.end(), is_file);
    if (!has_file && is_schedule(joined, form)) return read(joined);
    if (looks_like_schedule(words[0]) && words[0] != "-" && !is_file(words[0])) {
        return wrong(fmt::format(
            "{} is no file; put a schedule into quotes, so that the shell leaves its * alone",
            quoted(words[0])));
    }
    return files();
}

std::vector<std::string> schedule_texts(const std::vector<std::string>& words,
                                        schedule::Form form) {
    const bool has_whole = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return is_schedule(word, form) || count_words(word) > 1;
    });
    const std::string joined = join(words);
    if (has_whole || !is_schedule(joined, form)) return words;
    return {joined};
}

}  // namespace cron::ctl
