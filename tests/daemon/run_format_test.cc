// What --output prefix, raw and json make of runs and of what they print.
#include "daemon/run_format.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "daemon/run_json.h"

namespace cron::daemon {
namespace {

using nlohmann::json;

constexpr Instant kNoon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} +
                        std::chrono::hours{12}};

std::shared_ptr<const crontab::Entry> entry(bool is_quiet = false) {
    auto entry = std::make_shared<crontab::Entry>();
    entry->user = "alice";
    entry->command = "echo x";
    entry->id = JobId::named("alice", "/t", "backup");
    entry->quiet = is_quiet;
    return entry;
}

engine::RunKey key() { return {entry()->id, kNoon, 0}; }

// All that a format makes of the lines of a source.
std::string text_of(RunFormat& format, const std::vector<process::OutputLine>& lines,
                    Stream stream = Stream::output, bool is_hook = false) {
    const auto its_entry = entry();
    const auto its_key = key();
    const SourceLines made = format.lines_of({*its_entry, its_key, 2, is_hook, stream});
    CHECK(made.to == stream);
    std::string text;
    for (const auto& line : lines) made.writer->append(text, line, kNoon);
    return text;
}

// One JSON object on one line.
json object_of(const std::string& text) {
    REQUIRE(!text.empty());
    CHECK(text.find('\n') == text.size() - 1);
    return json::parse(text);
}

engine::Finish finish(const engine::Outcome& outcome) {
    return {7, key(), 2, engine::Cause::catch_up, outcome, entry()};
}

engine::Outcome exited(const engine::ExitStatus& status) {
    engine::Outcome outcome;
    outcome.status = status;
    outcome.started = kNoon;
    outcome.ended = kNoon + std::chrono::milliseconds{1'500};
    outcome.duration = std::chrono::milliseconds{1'500};
    return outcome;
}

json told(RunFormat& format, const RunFact& fact) {
    const auto told = format.tell(fact, kNoon);
    REQUIRE(told);
    CHECK(told->to == Stream::output);
    return object_of(told->text);
}

}  // namespace

TEST_CASE("prefix: every line has the name before it, and so has every piece", "[output]") {
    const auto format = make_prefix_format();
    CHECK(text_of(*format, {{"one", 1, true, true}, {"", 1, true, true}}) ==
          "[backup] one\n[backup] \n");
    CHECK(text_of(*format, {{"aa", 1, false, false}, {"b", 2, true, false}}) ==
          "[backup] aa\n[backup] b\n");
    const std::string binary("\0\xff\x1b[1m", 6);
    CHECK(text_of(*format, {{binary, 1, true, true}}) == "[backup] " + binary + "\n");
    CHECK_FALSE(format->tell(RunStarted{{1, key(), 1, {}, entry()}, 5}, kNoon));
}

TEST_CASE("raw: pieces make the bytes that they were, with a last newline or without", "[output]") {
    const auto format = make_raw_format();
    CHECK(text_of(*format, {{"aa", 1, false, false}, {"b", 2, true, true}}) == "aab\n");
    CHECK(text_of(*format, {{"end", 1, true, false}}) == "end");
}

TEST_CASE("a gap is told in the stream, but not among bytes that are as they are", "[output]") {
    const auto its_entry = entry();
    const auto its_key = key();
    std::string text;
    const auto prefix = make_prefix_format();
    prefix->lines_of({*its_entry, its_key}).writer->append_gap(text, {1234, 56789}, kNoon);
    CHECK(text == "[backup] 1234 lines (56789 bytes) dropped\n");
    text.clear();
    const auto raw = make_raw_format();
    raw->lines_of({*its_entry, its_key}).writer->append_gap(text, {1, 2}, kNoon);
    CHECK(text.empty());
    const auto as_json = make_json_format();
    as_json->lines_of({*its_entry, its_key}).writer->append_gap(text, {1234, 56789}, kNoon);
    const json gap = object_of(text);
    CHECK(gap["event"] == "output-dropped");
    CHECK(gap["stream"] == "stdout");
    CHECK(gap["job"] == "backup");
    CHECK(gap["lines"] == 1234);
    CHECK(gap["bytes"] == 56789);
}

TEST_CASE("json: a line is an object with its run, and escapes what it must", "[output]") {
    const auto format = make_json_format();
    const std::string text = "a \"quoted\" \\ \t\x01\x7f \xc3\xa9";
    const json line = object_of(text_of(*format, {{text, 1, true, true}}, Stream::error));
    CHECK(line == json{{"v", 1},
                       {"time", "2026-11-21T12:00:00.000+00:00"},
                       {"event", "output"},
                       {"stream", "stderr"},
                       {"user", "alice"},
                       {"job", "backup"},
                       {"job_id", line["job_id"]},
                       {"run", line["job_id"].get<std::string>() + "-20261121T120000Z"},
                       {"attempt", 2},
                       {"text", text}});
}

TEST_CASE("json: bytes that are not UTF-8, and those of a NUL, come as they were", "[output]") {
    const auto format = make_json_format();
    const std::string binary("\xff\xfe\0\n", 3);
    const json line = object_of(text_of(*format, {{binary, 1, true, true}}));
    CHECK_FALSE(line.contains("text"));
    CHECK(from_base64(line["text_b64"].get<std::string>()) == binary);
    const std::string with_nul("a\0b", 3);
    CHECK(object_of(text_of(*format, {{with_nul, 1, true, true}}))["text"] == with_nul);
}

TEST_CASE("json: every byte alone and every pair of bytes is one valid line", "[output]") {
    const auto format = make_json_format();
    for (int a = 0; a < 256; ++a) {
        for (const int b : {0, 9, 34, 65, 92, 127, 128, 169, 194, 255}) {
            const std::string text = {static_cast<char>(a), static_cast<char>(b)};
            const json line = object_of(text_of(*format, {{text, 1, true, true}}));
            const bool is_text = line.contains("text");
            CHECK((is_text ? line["text"].get<std::string>()
                           : from_base64(line["text_b64"].get<std::string>())) == text);
        }
    }
}

TEST_CASE("json: pieces are numbered, and a line without its newline says so", "[output]") {
    const auto format = make_json_format();
    const json first = object_of(text_of(*format, {{"aa", 1, false, false}}));
    CHECK(first["piece"] == 1);
    CHECK(first["last"] == false);
    CHECK_FALSE(first.contains("newline"));
    const json last = object_of(text_of(*format, {{"b", 2, true, false}}));
    CHECK(last["piece"] == 2);
    CHECK(last["last"] == true);
    CHECK(last["newline"] == false);
    const json hook = object_of(text_of(*format, {{"x", 1, true, true}}, Stream::output, true));
    CHECK(hook["hook"] == true);
}

TEST_CASE("json: a start and an end have what ties and measures them", "[output]") {
    const auto format = make_json_format();
    const engine::Spawn spawn{7, key(), 2, engine::Cause::catch_up, entry()};
    const json start = told(*format, RunStarted{spawn, 4711});
    CHECK(start["event"] == "run-started");
    CHECK(start["level"] == "info");
    CHECK(start["due"] == "2026-11-21T12:00:00+00:00");
    CHECK(start["start"] == "2026-11-21T12:00:00.000+00:00");
    CHECK(start["pid"] == 4711);
    CHECK(start["attempt"] == 2);
    CHECK(start["cause"] == "catch-up");
    const engine::Finish success = finish(exited({false, 0, true}));
    const json end = told(*format, RunFinished{success, 4711});
    CHECK(end["event"] == "run-ended");
    CHECK(end["run"] == start["run"]);
    CHECK(end["pid"] == 4711);
    CHECK(end["start"] == "2026-11-21T12:00:00.000+00:00");
    CHECK(end["end"] == "2026-11-21T12:00:01.500+00:00");
    CHECK(end["duration_s"] == 1.5);
    CHECK(end["exit_status"] == 0);
    CHECK(end["outcome"] == "success");
    CHECK_FALSE(end.contains("signal"));
    CHECK_FALSE(end.contains("reason"));
}

TEST_CASE("json: an end that is a failure says of what kind", "[output]") {
    const auto format = make_json_format();
    const engine::Finish status = finish(exited({false, 3, true}));
    const json failed = told(*format, RunFinished{status, 1});
    CHECK(failed["level"] == "warning");
    CHECK(failed["exit_status"] == 3);
    CHECK(failed["outcome"] == "failure");
    CHECK(failed["reason"] == "exit status 3");
    engine::Outcome killed = exited({true, 9, true});
    killed.ended_by = engine::EndedBy::timeout;
    killed.reason = "its time was over";
    const engine::Finish signal = finish(killed);
    const json ended = told(*format, RunFinished{signal, 1});
    CHECK(ended["signal"] == 9);
    CHECK_FALSE(ended.contains("exit_status"));
    CHECK(ended["ended_by"] == "timeout");
    CHECK(ended["reason"] == "its time was over");
    const engine::Finish unseen = finish(exited({false, 0, false}));
    const json unknown = told(*format, RunFinished{unseen, 1});
    CHECK(unknown["outcome"] == "unknown");
    CHECK_FALSE(unknown.contains("exit_status"));
}

TEST_CASE("json: what did not run says why, by the names of the log", "[output]") {
    const auto format = make_json_format();
    using Kind = engine::Outcome::Kind;
    const std::pair<Kind, const char*> kinds[] = {
        {Kind::not_started, "run-not-started"}, {Kind::skipped, "run-skipped"},
        {Kind::withdrawn, "run-withdrawn"},     {Kind::merged, "run-merged"},
        {Kind::missed, "run-missed"},           {Kind::refused, "run-refused"}};
    for (const auto& [kind, event] : kinds) {
        engine::Outcome outcome;
        outcome.kind = kind;
        outcome.reason = "so it is";
        const engine::Finish why = finish(outcome);
        const json object = told(*format, RunFinished{why, 0});
        CHECK(object["event"] == event);
        CHECK(object["reason"] == "so it is");
        CHECK_FALSE(object.contains("pid"));
        CHECK_FALSE(object.contains("end"));
    }
    const engine::Verdict missed{key(), engine::Fate::missed, {}, kNoon - std::chrono::hours{2}, 3,
                                 {}};
    const json object = told(*format, DueNotRun{missed});
    CHECK(object["event"] == "due-missed");
    CHECK(object["first"] == "2026-11-21T10:00:00+00:00");
    CHECK(object["due"] == "2026-11-21T12:00:00+00:00");
    CHECK(object["count"] == 3);
    const engine::Retry retry{7, key(), 1, {}, exited({false, 1, true}), seconds{30}, entry()};
    const json retried = told(*format, RunRetried{retry, 12});
    CHECK(retried["event"] == "run-retried");
    CHECK(retried["attempt"] == 1);
    CHECK(retried["exit_status"] == 1);
    CHECK(retried["delay_s"] == 30.0);
}

TEST_CASE("json: what a daemon before has left, what waits, and what was merged", "[output]") {
    const auto format = make_json_format();
    const engine::RunKey its_key = key();
    const json lost = told(*format, RunLost{its_key, "so it is"});
    CHECK(lost["event"] == "run-lost");
    CHECK(lost["due"] == "2026-11-21T12:00:00+00:00");
    CHECK(lost["reason"] == "so it is");
    CHECK(lost.contains("run"));
    const engine::Spawn spawn{7, key(), 2, engine::Cause::boot, entry()};
    const json adopted = told(*format, RunAdopted{spawn, 12});
    const json left = told(*format, RunLeft{spawn, 12, ""});
    CHECK(adopted["event"] == "run-adopted");
    CHECK(left["event"] == "run-left");
    for (const json& object : {adopted, left}) {
        CHECK(object["pid"] == 12);
        CHECK(object["attempt"] == 2);
        CHECK(object["cause"] == "boot");
        CHECK(object.contains("due"));
    }
    const engine::Postpone postpone{7, key(), {"fork", EAGAIN}, seconds{1}, entry()};
    const json postponed = told(*format, RunPostponed{postpone});
    CHECK(postponed["event"] == "run-postponed");
    CHECK(postponed["delay_s"] == 1.0);
    CHECK(postponed.contains("reason"));
    engine::Verdict verdict{key(), engine::Fate::merged, {}, kNoon, 1, {}};
    verdict.into = kNoon + std::chrono::hours{1};
    const json merged = told(*format, DueNotRun{verdict});
    CHECK(merged["event"] == "due-merged");
    CHECK(merged["into"] == "2026-11-21T13:00:00+00:00");
}

TEST_CASE("json: what a table keeps out of the log is left to the log's debug level", "[output]") {
    const auto format = make_json_format();
    CHECK_FALSE(format->tell(RunStarted{{7, key(), 1, {}, entry(true)}, 1}, kNoon));
    const engine::Verdict suspended{key(), engine::Fate::suspended, {}, kNoon, 1, {}};
    CHECK_FALSE(format->tell(DueNotRun{suspended}, kNoon));
}

}  // namespace cron::daemon
