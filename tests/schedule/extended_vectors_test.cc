// The extended language against the vectors of cronos, croner and netresearch/go-cron: where these
// agree with one another, so do we. Every difference is a class here and a line in docs/time.md.
#include "vectors.h"

namespace cron::schedule {
namespace {

struct Answer {
    bool refused = false;
    Instants due;

    friend bool operator==(const Answer&, const Answer&) = default;
};

Answer answer_of(const json& row) {
    Answer answer{row.contains("error"), {}};
    for (const json& instant : row["next"]) answer.due.push_back(instant_of(instant));
    return answer;
}

Answer our_answer(const json& row, Form form) {
    const auto schedule = parse_whole(row["expr"].get<std::string>(), 0, form);
    if (!schedule) return {true, {}};
    Answer answer;
    Instant at = instant_of(row["from"]);
    if (row.value("inclusive", false)) at -= microseconds{1};
    const calendar::Zone& zone = zone_named(row["tz"]);
    while (answer.due.size() < row["next"].size()) {
        const auto due = next_after(*schedule, zone, at);
        if (!due) break;
        answer.due.push_back(at = *due);
    }
    return answer;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

bool has_month_days(const std::string& text) {
    return text.find_first_of("LlWw#?") != std::string::npos && text[0] != '@';
}

// The class of a question that croner and go-cron have answered.
std::string class_of(const std::string& text, const Answer& croner, const Answer& go,
                     const Answer& ours) {
    if (croner == go) {
        if (ours == croner) return "all agree";
        if (has(text, "L-")) return "L-n, as in cronos; both refuse it";
        if (has(text, "~") || has(text, "@")) return "~ and @reboot, which both refuse";
        return has(text, "*/90") ? "*/90, as in Debian's cron; both refuse it" : "?";
    }
    if (ours == croner) return go.refused ? "as croner; go-cron refuses" : "as croner, days OR-ed";
    if (ours == go && croner.refused) return "as go-cron; croner refuses";
    if (ours == go && go.refused) return "refused as in go-cron: # and L after a range, #L";
    if (ours == go && has(text, "*")) return "as go-cron: days AND-ed where one starts with *";
    if (has(text, "@every")) return "@every, anchored on the epoch";
    return has(text, "6-0") ? "a weekday range that ends on Sunday" : "?";
}

// The class of a row of a library's own tests.
std::string class_of_own(const json& row, const Answer& theirs, const Answer& ours) {
    const std::string text = row["expr"];
    if (ours == theirs) return "agrees";
    if (ours.refused) {
        const auto refused = parse_whole(text, 0, Form::six_fields);
        const auto also = parse_whole(text, 0);
        const std::string why = refused.error().message + also.error().message;
        if (has(why, "runs backwards")) return "a range that runs backwards, refused";
        if (has(why, "has a step but no range")) return "a step without a range, refused";
        if (has(why, "not a nickname")) return "a nickname of its own, refused";
        if (has(text, "+")) return "+, refused";
        if (has(text, "?/")) return "a step of ?, refused";
        if (has(why, "after its '#'") || has(why, "day of week")) {
            return "# and L after a range, #L, refused";
        }
        return has(why, "more than the 5") ? "seven fields, refused" : "?";
    }
    const std::string rule = row["rule"];
    if (has(rule, "dom+dow")) return "both day fields, AND-ed there";
    return has(rule, "dst") ? "at a change of the clock" : "?";
}

// The class of what another library refuses.
std::string class_of_accepted(const std::string& text, bool accepted) {
    if (!accepted) return "refused";
    if (text == "@reboot" || text == "*/60 * * * *") return "as in Debian's cron: " + text;
    if (text == "* * * * MONL" || has(text, "1,2")) return "as in croner: W in a list, MONL";
    return has(text, "30 2") || has(text, "31 4") ? "never due, no error" : "?";
}

}  // namespace

TEST_CASE("vectors: the extended language means what croner and go-cron agree on",
          "[schedule][vectors]") {
    std::map<std::string, json> others;
    for (const json& row : rows_of("generated-extended-netresearch-go-cron.jsonl")) {
        others[row["id"]] = row;
    }
    Counts counts;
    for (const json& row : rows_of("generated-extended-croner.jsonl")) {
        const std::string text = row["expr"];
        CAPTURE(text);
        const std::string found = class_of(text, answer_of(row), answer_of(others[row["id"]]),
                                           our_answer(row, Form::five_fields));
        CHECK(found != "?");
        ++counts[found];
    }
    if (counts.empty()) return;
    CHECK(lines_of(counts) ==
          Lines{"2 */90, as in Debian's cron; both refuse it", "2 @every, anchored on the epoch",
                "8 L-n, as in cronos; both refuse it", "2 a weekday range that ends on Sunday",
                "196 all agree", "66 as croner, days OR-ed", "92 as croner; go-cron refuses",
                "8 as go-cron: days AND-ed where one starts with *",
                "6 refused as in go-cron: # and L after a range, #L",
                "6 ~ and @reboot, which both refuse"});
}

TEST_CASE("vectors: the suites of cronos, croner and go-cron hold for month days and seconds",
          "[schedule][vectors]") {
    Counts counts;
    for (const char* name : {"cronos", "croner", "netresearch-go-cron"}) {
        for (const json& row : rows_of("tests-" + std::string(name) + ".jsonl")) {
            const std::string text = row["expr"];
            const std::string dialect = row["dialect"];
            const bool six = has(dialect, "6") || has(dialect, "seconds");
            const bool is_fact = !row["tz"].is_null() && !row.contains("opts") &&
                                 !row.contains("seed") && !row.contains("prev") &&
                                 !row.contains("match") && !row.contains("error");
            // Some of croner's rows with seconds began at the time of their recording.
            const bool in_question = has_month_days(text) || (six && !has(dialect, "croner"));
            if (!is_fact || !in_question) continue;
            CAPTURE(name, text);
            const Form form = six ? Form::six_fields : Form::five_fields;
            const std::string found = class_of_own(row, answer_of(row), our_answer(row, form));
            CHECK(found != "?");
            ++counts[std::string(name) + ": " + found];
        }
    }
    if (counts.empty()) return;
    CHECK(
        lines_of(counts) ==
        Lines{"58 croner: # and L after a range, #L, refused", "7 croner: +, refused",
              "3 croner: a step of ?, refused", "175 croner: agrees",
              "4 croner: seven fields, refused", "71 cronos: a range that runs backwards, refused",
              "69 cronos: a step without a range, refused", "690 cronos: agrees",
              "33 cronos: at a change of the clock", "9 cronos: both day fields, AND-ed there",
              "10 netresearch-go-cron: a step without a range, refused",
              "31 netresearch-go-cron: agrees", "3 netresearch-go-cron: at a change of the clock"});
}

TEST_CASE(
    "vectors: what cronos, croner, cronsim and go-cron refuse is refused, but for the classes "
    "listed",
    "[schedule][vectors]") {
    Counts counts;
    for (const json& row : rows_of("invalid.jsonl")) {
        const std::string text = row["expr"];
        const std::string dialect = row["dialect"];
        const bool six = dialect == "cronos-seconds" || dialect == "netresearch-go-cron-seconds";
        if (!six && dialect != "cronos" && dialect != "croner" && dialect != "cronsim" &&
            dialect != "netresearch-go-cron") {
            continue;
        }
        CAPTURE(dialect, text);
        const auto ours = parse_whole(text, 0, six ? Form::six_fields : Form::five_fields);
        const std::string found = class_of_accepted(text, ours.has_value());
        CHECK(found != "?");
        ++counts[found];
    }
    if (counts.empty()) return;
    CHECK(lines_of(counts) ==
          Lines{"1 as in Debian's cron: */60 * * * *", "1 as in Debian's cron: @reboot",
                "5 as in croner: W in a list, MONL", "2 never due, no error", "645 refused"});
}

}  // namespace cron::schedule
