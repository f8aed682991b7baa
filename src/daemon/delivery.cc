#include "daemon/delivery.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
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

// A mailer runs as the job's user, who may stop it: no user may take the turns of all.
constexpr std::ptrdiff_t kMailersOfUserMax = 4;
constexpr std::size_t kMailersMax = 64;             // at once; the other letters wait
constexpr std::ptrdiff_t kLettersOfUserMax = 1000;  // that wait; the output of more goes to the log
constexpr std::size_t kMailBytesMax = 1U << 20;     // of output in one mail
constexpr std::size_t kLoggedBytesMax = 64U << 10;  // of output in the log

}  // namespace

void Delivery::deliver(const engine::Deliver& order, Remains remains) {
    if (!remains.output) return;
    const auto size = remains.output->size_bytes();
    if (size && !mail::is_mail_due(*order.entry, order.outcome.status, *size)) return;

    Letter letter{order, std::move(remains), {}, {}};
    if (!size) return complain(letter, size.error().message);
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
    const uid_t uid = letter.remains.identity.uid;
    const auto before = std::count_if(waiting_.begin(), waiting_.end(), [uid](const Letter& other) {
        return other.remains.identity.uid == uid;
    });
    if (before >= kLettersOfUserMax) {
        complain(letter, fmt::format("{} mails of this user wait already", before));
        return log_output(letter);
    }
    waiting_.push_back(std::move(letter));
    mail_next();
}

bool Delivery::has_turn(const Letter& letter) const {
    const uid_t uid = letter.remains.identity.uid;
    return std::count_if(mailing_.begin(), mailing_.end(), [uid](const auto& mailing) {
               return mailing.second.letter.remains.identity.uid == uid;
           }) < kMailersOfUserMax;
}

void Delivery::mail_next() {
    while (mailing_.size() < kMailersMax) {
        const auto next = std::find_if(waiting_.begin(), waiting_.end(),
                                       [this](const Letter& letter) { return has_turn(letter); });
        if (next == waiting_.end()) return;
        Letter letter = std::move(*next);
        waiting_.erase(next);
        mail(std::move(letter));
    }
}

void Delivery::mail(Letter letter) {
    // Asked for each mail: a mailer may be installed, or gone, while we run.
    if (::access(settings_.mailer.c_str(), X_OK) != 0) return log_output(letter);
    const auto output = letter.remains.output->read(kMailBytesMax);
    if (!output) return complain(letter, output.error().message);
    auto child = start_mailer(letter, output->text);
    if (!child) {
        complain(letter, child.error().message);
        return log_output(letter);
    }
    const std::uint64_t id = ++last_id_;
    auto watch = loop_.add(child->pidfd.get(), EPOLLIN, [this, id](std::uint32_t) { collect(id); });
    if (!watch) {
        // A process whose end we could not see must not be.
        static_cast<void>(process::signal_group(*child, SIGKILL));
        process::wait_for_end(*child);
        complain(letter, watch.error().message);
        return log_output(letter);
    }
    mailing_.emplace(id, Mailing{std::move(letter), output->total_bytes, *std::move(child),
                                 read_clock().monotonic + kMailerTime, *std::move(watch)});
}

Result<process::Child> Delivery::start_mailer(const Letter& letter, std::string_view output) {
    const crontab::Entry& entry = *letter.order.entry;
    const auto environment = process::build_environment(*entry.environment, letter.remains.identity,
                                                        {}, letter.remains.variables);
    mail::Message message;
    message.user = entry.user;
    message.host = settings_.host;
    message.command = entry.command;
    message.sender = letter.sender;
    message.recipients = letter.recipients;
    message.environment = environment.variables;
    message.body = output;
    const auto text = process::make_input(mail::compose(message));
    if (!text) return tl::unexpected(text.error());

    process::LaunchOrder order;
    order.arguments = mail::mailer_arguments(settings_.mailer, letter.recipients);
    order.environment = environment.variables;
    order.identity = letter.remains.identity;
    order.change_user = settings_.change_user;
    order.home = environment.home;
    order.input_fd = text->get();
    auto child = launcher_.launch(order);
    if (!child) return system_failure(child.error().error.error, "start mailer", settings_.mailer);
    return *std::move(child);
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

void Delivery::complain(const Letter& letter, std::string_view problem, std::string_view action) {
    log_.write(mail_problem(*letter.order.entry, letter.order.key, action, problem),
               read_clock().instant);
}

bool Delivery::has_child(pid_t pid) const {
    return std::any_of(mailing_.begin(), mailing_.end(),
                       [pid](const auto& mailing) { return mailing.second.child.pid == pid; });
}

std::optional<Monotonic> Delivery::deadline() const {
    std::optional<Monotonic> earliest;
    for (const auto& [id, mailing] : mailing_) {
        earliest = std::min(earliest.value_or(mailing.until), mailing.until);
    }
    return earliest;
}

void Delivery::expire(Monotonic now) {
    for (auto& [id, mailing] : mailing_) {
        if (now < mailing.until) continue;
        static_cast<void>(process::signal_group(mailing.child, SIGKILL));
        mailing.until = Monotonic::max();
    }
}

void Delivery::give_up(bool end_with_us) {
    for (const auto& [id, mailing] : mailing_) {
        if (!end_with_us) continue;
        complain(mailing.letter, "the mailer has not ended; the daemon stops");
        log_output(mailing.letter);
    }
    mailing_.clear();
    for (const Letter& letter : waiting_) log_output(letter);
    waiting_.clear();
}

}  // namespace cron::daemon
