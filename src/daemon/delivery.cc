#include "daemon/delivery.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "mail/compose.h"
#include "mail/mailer.h"
#include "process/environment.h"
#include "process/input.h"
#include "process/lines.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kMailersMax = 16;             // at once; the others wait
constexpr std::size_t kMailBytesMax = 1U << 20;     // of output in one mail
constexpr std::size_t kLoggedBytesMax = 64U << 10;  // of output in the log

}  // namespace

void Delivery::deliver(const engine::Deliver& order, Remains remains) {
    if (!remains.output) return;
    const auto size = remains.output->size_bytes();
    if (size && !mail::is_mail_due(*order.entry, order.outcome.status, *size)) return;

    Letter letter{order, std::move(remains), {}, {}};
    if (!size) {
        complain(letter, size.error().message);
        return;
    }
    const auto recipients = mail::recipients(*order.entry->environment, order.entry->user);
    if (!recipients) {
        complain(letter, recipients.error().message);
        log_output(letter);
        return;
    }
    if (recipients->empty()) return;  // MAILTO="": not wanted
    letter.recipients = *recipients;

    const auto sender = mail::sender(*order.entry->environment);
    if (sender) {
        letter.sender = *sender;
    } else {
        complain(letter, sender.error().message);
    }
    waiting_.push_back(std::move(letter));
    mail_next();
}

void Delivery::mail_next() {
    while (!waiting_.empty() && mailing_.size() < kMailersMax) {
        Letter letter = std::move(waiting_.front());
        waiting_.pop_front();
        mail(std::move(letter));
    }
}

void Delivery::mail(Letter letter) {
    // Asked for each mail: a mailer may be installed, or gone, while we run.
    if (::access(mailer_.c_str(), X_OK) != 0) {
        log_output(letter);
        return;
    }
    const auto output = letter.remains.output->read(kMailBytesMax);
    if (!output) {
        complain(letter, output.error().message);
        return;
    }
    mail::Message message;
    message.user = letter.order.entry->user;
    message.host = host_;
    message.command = letter.order.entry->command;
    message.sender = letter.sender;
    message.recipients = letter.recipients;
    message.environment = letter.remains.environment.variables;
    message.body = output->text;
    const auto text = process::make_input(mail::compose(message));
    if (!text) {
        complain(letter, text.error().message);
        log_output(letter);
        return;
    }
    process::LaunchOrder order;
    order.arguments = mail::mailer_arguments(mailer_, letter.recipients);
    order.environment = letter.remains.environment.variables;
    order.identity = letter.remains.identity;
    order.change_user = change_user_;
    order.home = letter.remains.environment.home;
    order.input_fd = text->get();
    auto child = launcher_.launch(order);
    if (!child) {
        complain(letter, fmt::format("the mailer does not start: {}: errno {}",
                                     child.error().error.stage, child.error().error.error));
        log_output(letter);
        return;
    }
    const std::uint64_t id = ++last_id_;
    Mailing& mailing = mailing_[id];
    mailing = Mailing{std::move(letter), output->total_bytes, *std::move(child), {}};
    auto watch =
        loop_.add(mailing.child.pidfd.get(), EPOLLIN, [this, id](std::uint32_t) { collect(id); });
    if (watch) {
        mailing.watch = *std::move(watch);
    } else {
        complain(mailing.letter, watch.error().message);
        mailing_.erase(id);
    }
}

void Delivery::collect(std::uint64_t id) {
    Mailing& mailing = mailing_.at(id);
    const auto ended = process::reap(mailing.child.pidfd.get());
    if (ended && !*ended) return;
    const bool is_success = ended && (*ended)->status.is_success();
    if (!is_success) {
        const int value = ended ? (*ended)->status.value : -1;
        const bool is_signal = ended && (*ended)->status.signalled;
        complain(mailing.letter,
                 fmt::format("mailed {} bytes of output but got {} {}", mailing.bytes,
                             is_signal ? "signal" : "status", value));
        log_output(mailing.letter);
    }
    mailing_.erase(id);
    mail_next();
    progress_();
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

void Delivery::complain(const Letter& letter, std::string_view problem) {
    log_.write(mail_problem(*letter.order.entry, letter.order.key, problem), read_clock().instant);
}

void Delivery::give_up() {
    for (const auto& [id, mailing] : mailing_) {
        complain(mailing.letter, "the mailer has not ended; the daemon stops");
        log_output(mailing.letter);
    }
    mailing_.clear();
    for (const Letter& letter : waiting_) log_output(letter);
    waiting_.clear();
}

}  // namespace cron::daemon
