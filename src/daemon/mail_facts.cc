#include "daemon/mail_facts.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "daemon/log_format.h"
#include "process/lines.h"

namespace cron::daemon {
namespace {

Record about_mail(Level level, std::string_view event, const RunLabel& run) {
    Record record{level, event, {}, {}, 0};
    add_run(record, run);
    return record;
}

}  // namespace

RunLabel label_of(const mail::Letter& letter) {
    return {letter.user, letter.job, letter.due, letter.pass};
}

std::string mail_status(const engine::Outcome& outcome) {
    if (outcome.kind != engine::Outcome::Kind::exited) return {};
    const engine::ExitStatus& status = outcome.status;
    if (!status.is_known) return "unknown";
    return fmt::format("{}{}", status.signalled ? "signal " : "", status.value);
}

std::string mail_note(const engine::Outcome& outcome) {
    if (outcome.kind != engine::Outcome::Kind::exited) {
        return "The job was not started: " + failure_text(outcome);
    }
    const std::string duration = seconds_text(outcome.duration);
    if (!outcome.status.is_known) {
        return "How the job ended is not known: the daemon that had started it was gone";
    }
    if (!outcome.is_success()) {
        return fmt::format("The job failed: {}, after {} s", failure_text(outcome), duration);
    }
    if (outcome.printed.bytes > 0) return {};
    return fmt::format("The job succeeded after {} s and printed nothing", duration);
}

std::optional<std::string> mailer_problem(const ErrandEnd& end, std::uint64_t bytes) {
    if (!end.status) return end.status.error().message;
    if (end.status->is_success() && !end.is_timed_out) return std::nullopt;
    const std::string mailed =
        fmt::format("mailed {} byte{} of output but", bytes, bytes == 1 ? "" : "s");
    if (end.is_timed_out) return mailed + " the mailer did not end";
    // As the classics write it.
    return end.status->signalled ? fmt::format("{} got signal {}", mailed, end.status->value)
                                 : fmt::format("{} got status 0x{:04x}", mailed, end.status->value);
}

std::vector<Record> output_lines(const RunLabel& run, std::string_view output) {
    process::LineSplitter splitter;
    splitter.add(output);
    splitter.end();
    std::vector<std::string> lines;
    while (const auto line = splitter.next()) lines.emplace_back(line->text);
    if (lines.size() > kLoggedLinesMax) {
        constexpr std::ptrdiff_t kEnd = kLoggedLinesMax / 2;
        const std::size_t left_out = lines.size() - kLoggedLinesMax;
        lines.erase(lines.begin() + kEnd, lines.end() - kEnd);
        lines.insert(lines.begin() + kEnd, fmt::format("[{} lines are left out here]", left_out));
    }
    std::vector<Record> records;
    for (std::string& line : lines) {
        Record record = about_mail(Level::info, "run-output", run);
        record.classic = classic_line(run.user, "CMDOUT", line);
        record.fields.push_back({"line", std::move(line)});
        records.push_back(std::move(record));
    }
    return records;
}

Record mail_problem(const RunLabel& run, std::string_view problem) {
    Record record = about_mail(Level::warning, "mail-problem", run);
    record.fields.push_back({"reason", std::string(problem)});
    record.classic = classic_line(run.user, "MAIL", problem);
    return record;
}

Record mail_unsafe(const RunLabel& run, std::string_view value, std::string_view problem,
                   const crontab::Ways& ways) {
    Record record = mail_problem(run, problem);
    record.classic = classic_line(run.user, ways.unsafe_mail_action, value);
    return record;
}

Record mail_kept(const RunLabel& run, std::uint32_t tries, std::string_view reason, seconds delay) {
    Record record = about_mail(Level::warning, "mail-kept", run);
    record.fields.push_back({"tries", static_cast<std::int64_t>(tries)});
    record.fields.push_back({"reason", std::string(reason)});
    record.fields.push_back({"delay_s", fmt::format("{}", delay.count())});
    record.classic =
        classic_line(run.user, "MAIL",
                     fmt::format("{}; it is kept and tried again in {} s", reason, delay.count()));
    return record;
}

Record mail_sent(const RunLabel& run, std::uint32_t tries) {
    Record record = about_mail(Level::info, "mail-sent", run);
    record.fields.push_back({"tries", static_cast<std::int64_t>(tries)});
    record.classic =
        classic_line(run.user, "MAIL", fmt::format("sent at last, after {} tries", tries));
    return record;
}

Record mail_given_up(const RunLabel& run, std::uint32_t tries, std::string_view reason) {
    Record record = about_mail(Level::warning, "mail-given-up", run);
    record.fields.push_back({"tries", static_cast<std::int64_t>(tries)});
    record.fields.push_back({"reason", std::string(reason)});
    record.classic =
        classic_line(run.user, "MAIL",
                     fmt::format("{}; given up after {} tries, the output follows", reason, tries));
    return record;
}

}  // namespace cron::daemon
