#include "daemon/delivery.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/mail_facts.h"
#include "engine/run_variables.h"
#include "mail/compose.h"
#include "mail/mailer.h"
#include "process/environment.h"
#include "process/input.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kMailBytesMax = 1U << 20;  // of output in one mail

constexpr const char* kShell = "/bin/sh";  // of a mail command

}  // namespace

void Delivery::deliver(const engine::Deliver& order, Remains remains) {
    if (settings_.is_to_log) {
        return log_output(Output{order, std::move(remains), {}, {}});
    }
    const bool is_told = remains.output || order.outcome.kind == engine::Outcome::Kind::not_started;
    if (!is_told || !mail::is_mail_due(*order.entry, order.outcome)) return;

    Output output{order, std::move(remains), {}, {}};
    const auto recipients = mail::recipients(*order.entry->environment, order.entry->user);
    if (!recipients) {
        complain_of_address(output, "MAILTO", recipients.error().message);
        return log_output(output);
    }
    if (recipients->empty()) return;  // MAILTO="": not wanted
    output.recipients = *recipients;

    const auto sender = mail::sender(*order.entry->environment);
    if (sender) {
        output.sender = *sender;
    } else {
        complain_of_address(output, "MAILFROM", sender.error().message);
    }
    const std::uint64_t id = ++last_id_;
    Errand errand;
    errand.uid = output.remains.identity.uid;
    errand.time_max = kMailerTime;
    errand.prepare = [this, id] { return prepare(id); };
    errand.ended = [this, id](const ErrandEnd& end) { mailed(id, end); };
    outputs_.emplace(id, std::move(output));
    if (mailers_.add(std::move(errand))) return;
    auto refused = outputs_.extract(id);
    not_taken(refused.mapped(), "too many mails of this user wait already");
}

std::optional<Errand::Program> Delivery::prepare(std::uint64_t id) {
    auto output = outputs_.extract(id);
    // Asked for each mail: a mailer may be installed, or gone, while we run.
    if (::access(mailer_program().c_str(), X_OK) != 0) {
        log_output(output.mapped());
        return std::nullopt;
    }
    output.mapped().tries = 1;
    const auto letter = compose(output.mapped());
    if (!letter) {
        complain(output.mapped(), letter.error().message);
        return std::nullopt;
    }
    auto program = mailer(*letter, output.mapped().remains.identity);
    if (!program) {
        not_taken(output.mapped(), program.error().message);
        return std::nullopt;
    }
    outputs_.insert(std::move(output));
    return *std::move(program);
}

Result<mail::Letter> Delivery::compose(Output& output) const {
    process::OutputText text;
    if (output.remains.output) {
        auto read = output.remains.output->read(kMailBytesMax);
        if (!read) return tl::unexpected(read.error());
        text = *std::move(read);
    }
    output.mailed_bytes = text.total_bytes;
    const crontab::Entry& entry = *output.order.entry;
    // Its letter shows it: what crond's environment has besides may be secret.
    const auto environment = process::build_environment(
        *entry.environment, output.remains.identity, {},
        engine::run_variables(output.order.key, output.order.attempt, entry),
        customs_.default_path());
    mail::Message message;
    message.flavour = customs_.flavour;
    message.user = entry.user;
    message.host = settings_.host;
    message.command = entry.command;
    const engine::Outcome& outcome = output.order.outcome;
    message.is_told_failed = customs_.run_lines.failures && !outcome.is_success();
    message.sender = output.sender;
    message.recipients = output.recipients;
    message.environment = environment.variables;
    message.run = engine::run_id(output.order.key);
    message.domain = settings_.domain;
    message.date = read_clock().instant;
    message.offset = entry.zone.period_at(floor_seconds(message.date)).offset;
    message.status = mail_status(outcome);
    if (!message.status.empty()) message.duration = seconds_text(outcome.duration);
    message.body = text.text;
    message.note = mail_note(outcome);

    const RunLabel run = label_of(entry, output.order.key);
    mail::Letter letter;
    letter.user = run.user;
    letter.uid = output.remains.identity.uid;
    letter.job = run.job;
    letter.due = run.due;
    letter.pass = run.pass;
    letter.since = message.date;
    letter.recipients = output.recipients;
    letter.home = environment.home;
    letter.environment = environment.variables;
    letter.message = mail::compose(message);
    return letter;
}

Result<Errand::Program> Delivery::mailer(const mail::Letter& letter,
                                         const process::Identity& identity) const {
    if (::access(mailer_program().c_str(), X_OK) != 0) {
        return system_failure(errno, "run", mailer_program());
    }
    auto text = process::make_input(letter.message);
    if (!text) return tl::unexpected(text.error());
    Errand::Program program;
    process::LaunchOrder& order = program.order;
    order.arguments = settings_.mailer_command.empty()
                          ? mail::mailer_arguments(settings_.mailer, letter.recipients)
                          : process::shell_arguments(kShell, settings_.mailer_command);
    order.environment = letter.environment;
    order.identity = identity;
    order.change_user = settings_.change_user;
    order.home = letter.home;
    order.input_fd = text->get();
    program.descriptors.push_back(*std::move(text));
    return program;
}

std::string Delivery::mailer_program() const {
    return settings_.mailer_command.empty() ? settings_.mailer : kShell;
}

void Delivery::mailed(std::uint64_t id, const ErrandEnd& end) {
    auto output = outputs_.extract(id);
    const auto problem = mailer_problem(end, output.mapped().mailed_bytes);
    if (problem) not_taken(output.mapped(), *problem);
}

void Delivery::not_taken(Output& output, const std::string& reason) {
    if (!queue_.is_open()) {
        complain(output, reason);
        return log_output(output);
    }
    auto letter = compose(output);
    const Result<void> kept = letter ? queue_.keep(*std::move(letter), output.tries, reason)
                                     : tl::unexpected(letter.error());
    if (kept) return;
    complain(output, fmt::format("{}; it cannot be kept: {}", reason, kept.error().message));
    log_output(output);
}

void Delivery::log_output(const Output& output) {
    if (!output.remains.output) return;  // the log has it
    daemon::log_output(log_, *output.order.entry, output.order.key, *output.remains.output);
}

void Delivery::complain(const Output& output, std::string_view problem) {
    log_.write(mail_problem(label_of(*output.order.entry, output.order.key), problem),
               read_clock().instant);
}

void Delivery::complain_of_address(const Output& output, std::string_view variable,
                                   std::string_view problem) {
    const crontab::Entry& entry = *output.order.entry;
    const std::string* const set = crontab::find(*entry.environment, variable);
    log_.write(mail_unsafe(label_of(entry, output.order.key), set == nullptr ? entry.user : *set,
                           problem, customs_.ways()),
               read_clock().instant);
}

std::optional<Monotonic> Delivery::deadline() const {
    const auto mailer = mailers_.deadline();
    const auto letter = queue_.deadline();
    return mailer && letter ? std::min(*mailer, *letter) : mailer ? mailer : letter;
}

void Delivery::expire(Monotonic now) {
    mailers_.expire(now);
    queue_.expire(now);
}

void Delivery::give_up(bool end_with_us) {
    queue_.stop();
    mailers_.give_up(end_with_us);
    queue_.finish();
    outputs_.clear();
}

}  // namespace cron::daemon
