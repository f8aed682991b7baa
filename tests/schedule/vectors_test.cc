// Against the vectors of ../shared: Debian cron's own code first, then cronsim. Every kind of
// difference is a class here, with what must hold for it, and a line in docs/time.md.

#include <functional>
#include <string>
#include <vector>

#include "vectors.h"

namespace cron::schedule {
namespace {

using calendar::Zone;

// One question of a vector, and the answer of its source.
struct Question {
    std::string text;
    std::string zone;
    std::string note;
    Instant from{};
    Instants answer;

    bool in_second_pass() const { return note.find("second pass") != std::string::npos; }
    // The change is by a part of an hour, or not on the hour: "gap of 30 min at ...".
    bool off_the_hour() const {
        for (const char* sign : {"of 30 min", "of 15 min", "T02:45:00", "T03:45:00"}) {
            if (note.find(sign) != std::string::npos) return true;
        }
        return false;
    }
};

Question question_of(const json& row) {
    Question question{row["expr"], row["tz"], row.value("note", ""), instant_of(row["from"]), {}};
    // What was law when the vectors were made holds up to then.
    const Instant law = instant_of("2026-01-01 00:00");
    for (const json& instant : row["next"]) {
        const Instant answer = instant_of(instant);
        if (answer < law || question.zone == "UTC") question.answer.push_back(answer);
    }
    return question;
}

Instants due_after(const std::string& text, const Question& question, std::size_t count) {
    const Schedule schedule = parsed(text);
    Instants due;
    Instant at = question.from;
    while (due.size() < count) {
        const auto next = next_after(schedule, zone_named(question.zone), at);
        if (!next) break;
        due.push_back(at = *next);
    }
    return due;
}

Instants without_repetition(Instants instants) {
    instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
    return instants;
}

// Whether `instants` lack only the end of a gap of over three hours, at which we are due.
bool lost_in_long_gap(const Question& question) {
    const Instants ours = due_after(question.text, question, question.answer.size() + 1);
    Instants rest;
    int lost = 0;
    for (const Instant instant : ours) {
        const auto period = zone_named(question.zone).period_at(floor_seconds(instant));
        const auto before =
            zone_named(question.zone).period_at(floor_seconds(instant) - seconds{1});
        if (period.begin == instant && period.offset - before.offset > hours{3}) {
            ++lost;
        } else {
            rest.push_back(instant);
        }
    }
    return lost == 1 && rest == question.answer;
}

// How a schedule that names every hour without `*` may also be written.
std::string with_star(const std::string& text) {
    const Schedule schedule = parsed(text);
    const Schedule starred = parsed("* * * * *");
    if (schedule.fields().hours != starred.fields().hours) return text;
    const std::size_t begin = text.find(' ') + 1;
    return text.substr(0, begin) + "*" + text.substr(text.find(' ', begin));
}

// The class of our answer against Debian's.
std::string class_against_debian(const Question& question) {
    if (due_after(question.text, question, question.answer.size()) == question.answer)
        return "agrees";
    const std::string starred = with_star(question.text);
    if (starred != question.text) {
        const std::size_t count = question.answer.size();
        return due_after(question.text, question, count) == due_after(starred, question, count)
                   ? "names every hour"
                   : "?";
    }
    const Instants once = without_repetition(question.answer);
    if (once.size() < question.answer.size() &&
        due_after(question.text, question, once.size()) == once) {
        return "several matches of a gap";
    }
    return lost_in_long_gap(question) ? "gap over three hours" : "?";
}

// The class of our answer against cronsim's, whose own trouble its README names.
std::string class_against_cronsim(const Question& question) {
    if (due_after(question.text, question, question.answer.size()) == question.answer)
        return "agrees";
    if (question.in_second_pass()) return "asked in the second pass";
    if (question.off_the_hour()) return "change off the hour";
    if (with_star(question.text) != question.text) return "names every hour";
    return "?";
}

Counts count_classes(const std::string& file,
                     const std::function<std::string(const Question&)>& class_of) {
    Counts counts;
    for (const json& row : rows_of(file)) {
        // Another parser's refusal, or another kind of question.
        if (row.contains("error") || row.contains("prev") || row.contains("match") ||
            row.contains("opts"))
            continue;
        if (!row["plain5"] || !row["tz"].is_string()) continue;
        const Question question = question_of(row);
        const std::string found = class_of(question);
        INFO(question.text << " in " << question.zone << " from " << row["from"] << ": "
                           << row["next"].dump());
        CHECK(found != "?");
        ++counts[found];
    }
    return counts;
}

}  // namespace

TEST_CASE("vectors: due times in UTC are Debian's and cronsim's", "[schedule][vectors]") {
    for (const char* file : {"generated-utc-debian-cron.jsonl", "generated-utc-cronsim.jsonl"}) {
        for (const auto& [found, count] : count_classes(file, class_against_debian))
            CHECK(found == "agrees");
    }
}

TEST_CASE("vectors: due times of real tables, over both changes of a year, are cronsim's",
          "[schedule][vectors]") {
    for (const auto& [found, count] :
         count_classes("generated-corpus-cronsim.jsonl", class_against_cronsim)) {
        CHECK(found == "agrees");
    }
}

TEST_CASE("vectors: what cronsim's own tests say holds", "[schedule][vectors]") {
    for (const auto& [found, count] : count_classes("tests-cronsim.jsonl", class_against_cronsim)) {
        CHECK((found == "agrees" || found == "names every hour"));
    }
}

TEST_CASE("vectors: due times round changes of zones are Debian's, but for three classes",
          "[schedule][vectors]") {
    const Counts counts = count_classes("generated-dst-debian-cron.jsonl", class_against_debian);
    if (counts.empty()) return;
    CHECK(lines_of(counts) == Lines{"1947 agrees", "12 gap over three hours", "34 names every hour",
                                    "47 several matches of a gap"});
}

TEST_CASE("vectors: due times round changes of zones are cronsim's where that can be trusted",
          "[schedule][vectors]") {
    const Counts counts = count_classes("generated-dst-cronsim.jsonl", class_against_cronsim);
    if (counts.empty()) return;
    CHECK(lines_of(counts) == Lines{"1881 agrees", "128 asked in the second pass",
                                    "17 change off the hour", "14 names every hour"});
}

namespace {

// What a daemon made of a text: none if it refused it.
struct Reading {
    bool valid = false;
    bool random = false;
    bool empty = false;  // accepted, and never due
    Schedule schedule = Schedule::at_reboot();
    bool operator==(const Reading&) const = default;
};

std::uint64_t bits_of(const std::string& list) {
    std::uint64_t bits = 0;
    for (std::size_t at = 0; at < list.size();) {
        std::size_t used = 0;
        const int low = std::stoi(list.substr(at), &used);
        int high = low;
        at += used;
        if (at < list.size() && list[at] == '-') {
            high = std::stoi(list.substr(++at), &used);
            at += used;
        }
        for (int value = low; value <= high; ++value) bits |= 1ULL << value;
        if (at < list.size() && list[at] == ',') ++at;
    }
    return bits;
}

Reading reading_of(const json& verdict) {
    Reading reading;
    reading.valid = verdict["valid"];
    if (!reading.valid) return reading;
    const auto flag = [&](const char* name) {
        const json& flags = verdict["flags"];
        return std::find(flags.begin(), flags.end(), name) != flags.end();
    };
    if (flag("REBOOT")) return reading;
    for (const char* name : {"minute", "hour", "dom", "month", "dow"}) {
        reading.random |= verdict[name] == "random";
        reading.empty |= verdict[name] == "";
    }
    if (reading.random || reading.empty) return reading;
    const std::uint64_t weekdays = bits_of(verdict["dow"]);
    Fields fields;
    fields.minutes = bits_of(verdict["minute"]);
    fields.hours = static_cast<std::uint32_t>(bits_of(verdict["hour"]));
    fields.days_of_month = static_cast<std::uint32_t>(bits_of(verdict["dom"]));
    fields.months = static_cast<std::uint16_t>(bits_of(verdict["month"]));
    fields.days_of_week = static_cast<std::uint8_t>((weekdays | weekdays >> 7) & 0x7F);
    fields.minute_star = flag("MIN_STAR");
    fields.hour_star = flag("HR_STAR");
    fields.day_of_month_star = flag("DOM_STAR");
    fields.day_of_week_star = flag("DOW_STAR");
    reading.schedule = Schedule::of_fields(fields);
    return reading;
}

// The same days and times, but for the marks of a nickname's stars.
bool due_alike(const Schedule& a, const Schedule& b) {
    const Instant from = instant_of("2024-02-28 23:59");
    Instant at = from;
    for (int i = 0; i < 30; ++i) {
        const auto next = next_after(a, Zone(), at);
        if (next != next_after(b, Zone(), at)) return false;
        if (!next) break;
        at = *next;
    }
    return a.is_wildcard() == b.is_wildcard();
}

bool has_overflow(const std::string& text) {
    std::size_t digits = 0;
    for (const char c : text) {
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits >= 10) return true;
    }
    return false;
}

// The class of our verdict on `text` against those of Debian's cron and cronie.
std::string class_of_verdict(const std::string& text, const Reading& debian,
                             const Reading& cronie) {
    const auto ours = parse(text, 0);
    const bool nickname = text[0] == '@';
    if (!ours) {
        CHECK(ours.error().end <= text.size());
        if (!debian.valid && !cronie.valid) return "refused by all";
        if (debian.empty || cronie.empty) return "range that runs backwards, refused";
        if (debian == cronie) return has_overflow(text) ? "overflow, refused" : "?";
        if (debian.valid && !cronie.valid) return "Debian skips the rest of a field, refused";
        return text[0] == '-' ? "the leading '-' of cronie, left to the table" : "?";
    }
    if (debian.valid && cronie.valid && !debian.empty && !debian.random && debian == cronie) {
        if (ours->schedule == debian.schedule) return "same";
        return nickname && due_alike(ours->schedule, debian.schedule) ? "same" : "?";
    }
    if (!nickname && text.find_first_of("LlWw#?H") != std::string::npos &&
        !(cronie.valid && ours->schedule == cronie.schedule)) {
        return "L, W, #, ? and H, accepted";
    }
    if (cronie.random) return "~, as in cronie";
    if (text.find('~') != std::string::npos) return "~ with a step, as in OpenBSD";
    if (debian.empty && cronie.valid && !cronie.empty && ours->schedule == cronie.schedule) {
        return "weekday range that ends on Sunday, as in cronie";
    }
    if (!debian.valid && !cronie.valid && nickname)
        return text.find("every") == 1 ? "@every, accepted" : "nickname in capitals, accepted";
    return "?";
}

}  // namespace

TEST_CASE(
    "vectors: schedules are read as Debian's cron and cronie read them, but for the classes listed",
    "[schedule][vectors]") {
    Counts counts;
    for (const json& row : rows_of("oracle-parse.jsonl")) {
        const std::string text = row["expr"];
        INFO(text);
        const std::string found =
            class_of_verdict(text, reading_of(row["debian"]), reading_of(row["cronie"]));
        CHECK(found != "?");
        ++counts[found];
    }
    if (counts.empty()) return;
    CHECK(lines_of(counts) ==
          Lines{"1 @every, accepted", "95 Debian skips the rest of a field, refused",
                "284 L, W, #, ? and H, accepted", "10 nickname in capitals, accepted",
                "3 overflow, refused", "49 range that runs backwards, refused",
                "475 refused by all", "1416 same", "4 the leading '-' of cronie, left to the table",
                "16 weekday range that ends on Sunday, as in cronie",
                "1 ~ with a step, as in OpenBSD", "6 ~, as in cronie"});
}

}  // namespace cron::schedule
