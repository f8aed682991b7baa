#include "daemon/delivery.h"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "engine/run_variables.h"
#include "mail/compose.h"
#include "mail/mailer.h"
#include "process/environment.h"
#include "process/input.h"
#include "process/lines.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kMailBytesMax = 1U << 20;     // of output in one mail
constexpr std::size_t kLoggedBytesMax = 64U << 10;  // of output in the log

}  // namespace

void Delivery::deliver(const engine::Deliver& order, Remains remains) {
    if (!remains.output) return;
    if (!mail::is_mail_due(*order.entry, order.outcome)) return;

    Letter letter{order, std::move(remains), {}, {}};
    const auto recipients = mail::recipients(*order.entry->environment, order.entry->user);
    if (!recipients) {
        complain(letter, recipients.error().message, "UNSAFE MAIL");
        return log_output(letter);
    }
    if (recipients->empty()) return;  // MAILTO="": not wanted
    letter.recipients = *recipients;

    const auto sender = mail::sender(*order.entry->environment);
    if (sender) {
        letter.sender = *sender;
    } else {
        complain(letter, sender.error().message, "UNSAFE MAIL");
    }
    const std::uint64_t id = ++last_id_;
    Errand errand;
    errand.uid = letter.remains.identity.uid;
    errand.time_max = kMailerTime;
    errand.prepare = [this, id] { return prepare(id); };
    errand.ended = [this, id](const ErrandEnd& end) { mailed(id, end); };
    letters_.emplace(id, std::move(letter));
    if (mailers_.add(std::move(errand))) return;
    const auto refused = letters_.extract(id);
    complain(refused.mapped(), "too many mails of this user wait already");
    log_output(refused.mapped());
}

std::optional<Errand::Program> Delivery::prepare(std::uint64_t id) {
    auto letter = letters_.extract(id);
    // Asked for each mail: a mailer may be installed, or gone, while we run.
    if (::access(settings_.mailer.c_str(), X_OK) != 0) {
        log_output(letter.mapped());
        return std::nullopt;
    }
    const auto output = letter.mapped().remains.output->read(kMailBytesMax);
    if (!output) {
        complain(letter.mapped(), output.error().message);
        return std::nullopt;
    }
    auto program = mailer(letter.mapped(), output->text);
    if (!program) {
        complain(letter.mapped(), program.error().message);
        log_output(letter.mapped());
        return std::nullopt;
    }
    letter.mapped().mailed_bytes = output->total_bytes;
    letters_.insert(std::move(letter));
    return *std::move(program);
}

Result<Errand::Program> Delivery::mailer(const Letter& letter, std::string_view output) const {
    const crontab::Entry& entry = *letter.order.entry;
    const auto environment = process::build_environment(
        *entry.environment, letter.remains.identity, {},
        engine::run_variables(letter.order.key, letter.order.attempt, entry));
    mail::Message message;
    message.user = entry.user;
    message.host = settings_.host;
    message.command = entry.command;
    message.sender = letter.sender;
    message.recipients = letter.recipients;
    message.environment = environment.variables;
    message.body = output;
    auto text = process::make_input(mail::compose(message));
    if (!text) return tl::unexpected(text.error());

    Errand::Program program;
    process::LaunchOrder& order = program.order;
    order.arguments = mail::mailer_arguments(settings_.mailer, letter.recipients);
    order.environment = environment.variables;
    order.identity = letter.remains.identity;
    order.change_user = settings_.change_user;
    order.home = environment.home;
    order.input_fd = text->get();
    program.descriptors.push_back(*std::move(text));
    return program;
}

void Delivery::mailed(std::uint64_t id, const ErrandEnd& end) {
    const auto letter = letters_.extract(id);
    if (!end.status) {
        complain(letter.mapped(), end.status.error().message);
    } else if (!end.status->is_success()) {
        complain(
            letter.mapped(),
            fmt::format("mailed {} bytes of output but got {} {}", letter.mapped().mailed_bytes,
                        end.status->signalled ? "signal" : "status", end.status->value));
    } else {
        return;
    }
    log_output(letter.mapped());
}

void Delivery::log_output(const Letter& letter) {
    const auto output = letter.remains.output->read(kLoggedBytesMax);
    if (!output) {
        complain(letter, output.error().message);
        return;
    }
    process::LineSplitter splitter;
    std::vector<std::string> lines = splitter.add(output->text);
    if (auto rest = splitter.finish()) lines.push_back(*std::move(rest));
    for (const std::string& line : lines) {
        log_.write(output_line(*letter.order.entry, letter.order.key, line), read_clock().instant);
    }
}

void Delivery::complain(const Letter& letter, std::string_view problem, std::string_view action) {
    log_.write(mail_problem(*letter.order.entry, letter.order.key, action, problem),
               read_clock().instant);
}

void Delivery::give_up(bool end_with_us) {
    mailers_.give_up(end_with_us);
    letters_.clear();
}

}  // namespace cron::daemon
