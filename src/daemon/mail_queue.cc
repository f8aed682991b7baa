#include "daemon/mail_queue.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "process/output.h"

namespace cron::daemon {
namespace {

// Between two turns of the loop, so that many letters do not keep it from starting jobs.
constexpr int kTriesPerTurn = 4;

std::int64_t seconds_of(Instant instant) {
    return floor_seconds(instant).time_since_epoch().count();
}

}  // namespace

Result<void> MailQueue::open(const std::string& path) {
    auto folder = LetterFolder::open(path);
    if (!folder) return tl::unexpected(folder.error());
    if (::getrandom(&tag_, sizeof tag_, 0) != sizeof tag_) {
        return system_failure(errno, "getrandom", path);
    }
    folder_ = std::make_shared<const LetterFolder>(*std::move(folder));
    const bool is_posted = worker_.post([this, folder = folder_]() -> Worker::Continuation {
        return [this, letters = folder->find_all()] {
            if (letters) return found(*letters);
            write(said(Level::error, "mail-unreadable", letters.error().message));
        };
    });
    if (!is_posted) return failure(ErrorCode::busy, "the worker for mail has too much to do");
    return {};
}

// Letters of daemons before.
void MailQueue::found(std::vector<LetterFolder::Found> letters) {
    std::erase_if(letters, [this](const LetterFolder::Found& one) {
        if (one.letter) return false;
        if (one.letter.error().code == ErrorCode::damaged) {
            set_aside(one.name, one.letter.error());
        } else {
            write(said(Level::error, "mail-unreadable",
                       folder_->path_of(one.name) + " stays: " + one.letter.error().message));
        }
        return true;
    });
    std::sort(letters.begin(), letters.end(),
              [](const auto& a, const auto& b) { return a.letter->since < b.letter->since; });
    const Now now = read_clock();
    for (const LetterFolder::Found& one : letters) {
        Slip slip{one.name, label_of(*one.letter), one.letter->uid, one.bytes, one.name.tries, 0};
        // Whatever the clock reads now: it is no longer than it would have been.
        const seconds delay{std::clamp<std::int64_t>(one.name.next - seconds_of(now.instant), 0,
                                                     mail::kRetryLongest.count())};
        due_.emplace(now.monotonic + delay, ++last_id_);
        slips_.emplace(last_id_, std::move(slip));
    }
}

Result<void> MailQueue::check_room(std::uint32_t uid, std::size_t bytes) const {
    std::size_t letters_of_user = 0;
    std::size_t bytes_of_user = bytes;
    std::size_t bytes_of_all = bytes;
    for (const auto& [id, slip] : slips_) {
        bytes_of_all += slip.bytes;
        if (slip.uid != uid) continue;
        bytes_of_user += slip.bytes;
        ++letters_of_user;
    }
    if (letters_of_user >= kLettersOfUserMax || bytes_of_user > kLetterBytesOfUserMax) {
        return failure(ErrorCode::limit,
                       fmt::format("of a user at most {} letters are kept, and {} "
                                   "bytes",
                                   kLettersOfUserMax, kLetterBytesOfUserMax));
    }
    if (slips_.size() >= kLettersMax || bytes_of_all > kLetterBytesOfAllMax) {
        return failure(ErrorCode::limit, fmt::format("at most {} letters are kept, and {} bytes",
                                                     kLettersMax, kLetterBytesOfAllMax));
    }
    return {};
}

Result<void> MailQueue::keep(mail::Letter letter, std::uint32_t tries, const std::string& reason) {
    auto text = mail::print(letter);
    if (!text) return tl::unexpected(text.error());
    if (auto room = check_room(letter.uid, text->size()); !room) return room;
    const Now now = read_clock();
    // The next daemon may find a mailer that has time.
    const seconds delay = stop_at_ && tries == 0 ? seconds{0} : *mail::retry_delay(tries);
    Slip slip{{++tag_, tries, seconds_of(now.instant + delay)},
              label_of(letter),
              letter.uid,
              text->size(),
              tries,
              0};
    const mail::LetterName name = slip.name;
    const Id id = ++last_id_;
    if (stop_at_) {
        if (now.monotonic > *stop_at_) return failure(ErrorCode::busy, "the disk is too slow");
        if (auto kept = folder_->store(name, *text); !kept) return kept;
        write(mail_kept(slip.run, tries, reason, delay));
        slips_.emplace(id, std::move(slip));
        due_.emplace(now.monotonic + delay, id);
        return {};
    }
    const bool is_posted = worker_.post([this, folder = folder_, name, id, reason, delay,
                                         text = *std::move(text)]() -> Worker::Continuation {
        return [this, id, reason, delay, result = folder->store(name, text)] {
            stored(id, result, reason, delay);
        };
    });
    if (!is_posted) return failure(ErrorCode::busy, "too much waits for the disk");
    slips_.emplace(id, std::move(slip));
    writing_.emplace(id, std::move(letter));
    return {};
}

void MailQueue::stored(Id id, const Result<void>& result, const std::string& reason,
                       seconds delay) {
    const auto letter = writing_.extract(id);
    const Slip& slip = slips_.at(id);
    if (result) {
        write(mail_kept(slip.run, slip.tries, reason, delay));
        due_.emplace(read_clock().monotonic + delay, id);
        return;
    }
    write(mail_problem(slip.run,
                       fmt::format("{}; it cannot be kept: {}", reason, result.error().message)));
    log_output(letter.mapped());
    slips_.erase(id);
}

// ---- tried again ----

std::optional<Monotonic> MailQueue::deadline() const {
    if (due_.empty() || is_resting_) return std::nullopt;
    return due_.begin()->first;
}

void MailQueue::expire(Monotonic now) {
    for (int i = 0; i < kTriesPerTurn && deadline() && *deadline() <= now; ++i) {
        const Id id = due_.begin()->second;
        due_.erase(due_.begin());
        accounts_.find(slips_.at(id).run.user,
                       [this, id](const auto& identity) { try_again(id, identity); });
    }
}

void MailQueue::try_again(Id id, const Result<process::Identity>& identity) {
    const Slip& slip = slips_.at(id);
    if (!identity && identity.error().code != ErrorCode::not_found) return put_off(id);
    if (!identity) return give_up(id, identity.error().message);
    if (identity->uid != slip.uid) {
        return give_up(id, fmt::format("user {} has uid {} now, and had {}", slip.run.user,
                                       identity->uid, slip.uid));
    }
    Errand errand;
    errand.uid = slip.uid;
    errand.time_max = kMailerTime;
    errand.prepare = [this, id, who = *identity] { return prepare(id, who); };
    errand.ended = [this, id](const ErrandEnd& end) { ended(id, end); };
    if (!mailers_.add(std::move(errand))) put_off(id);
}

std::optional<Errand::Program> MailQueue::prepare(Id id, const process::Identity& identity) {
    Slip& slip = slips_.at(id);
    const auto letter = folder_->read(slip.name);
    if (!letter) {
        unreadable(id, letter.error());
        return std::nullopt;
    }
    slip.mailed_bytes = mail::body_of(letter->message).size();
    auto program = prepare_(*letter, identity);
    if (!program) {
        failed(id, program.error().message);
        return std::nullopt;
    }
    ++mailing_;
    return *std::move(program);
}

void MailQueue::unreadable(Id id, const Error& error) {
    const mail::LetterName name = slips_.at(id).name;
    if (error.code == ErrorCode::not_found) {
        write(said(Level::warning, "mail-removed", "a kept mail was removed: " + error.message));
    } else if (error.code == ErrorCode::damaged || error.code == ErrorCode::invalid) {
        set_aside(name, error);
    } else {
        return failed(id, error.message);
    }
    slips_.erase(id);
}

void MailQueue::ended(Id id, const ErrandEnd& end) {
    // It stays, for the next daemon.
    if (stop_at_ && !end.status) return;
    --mailing_;
    const Slip slip = slips_.at(id);
    if (const auto problem = mailer_problem(end, slip.mailed_bytes)) return failed(id, *problem);
    // First of all: if we died now it would be sent again.
    remove(id);
    write(mail_sent(slip.run, slip.tries + 1));
}

void MailQueue::failed(Id id, const std::string& reason) {
    Slip& slip = slips_.at(id);
    const auto delay = mail::retry_delay(++slip.tries);
    if (!delay) return give_up(id, reason);
    const Now now = read_clock();
    const mail::LetterName name{slip.name.tag, slip.tries, seconds_of(now.instant + *delay)};
    // If that fails the next daemon tries it once more often.
    if (folder_->rename(slip.name, name)) slip.name = name;
    write(mail_kept(slip.run, slip.tries, reason, *delay));
    due_.emplace(now.monotonic + *delay, id);
}

// It was not its turn: that does not count.
void MailQueue::put_off(Id id) {
    const auto delay = mail::retry_delay(slips_.at(id).tries);
    due_.emplace(read_clock().monotonic + delay.value_or(mail::kRetryLongest), id);
}

void MailQueue::give_up(Id id, std::string_view reason) {
    const Slip& slip = slips_.at(id);
    const auto letter = folder_->read(slip.name);
    write(mail_given_up(slip.run, slip.tries, reason));
    if (letter) {
        log_output(*letter);
        return remove(id);
    }
    write(said(Level::error, "mail-unreadable",
               folder_->path_of(slip.name) + " stays: " + letter.error().message));
    slips_.erase(id);
}

void MailQueue::remove(Id id) {
    if (auto removed = folder_->remove(slips_.at(id).name); !removed) {
        write(said(Level::error, "mail-not-removed", removed.error().message));
    }
    slips_.erase(id);
    if (is_syncing_) return;
    // Or a power cut would bring it back.
    is_syncing_ = worker_.post([this, folder = folder_]() -> Worker::Continuation {
        static_cast<void>(folder->sync());
        return [this] { is_syncing_ = false; };
    });
}

void MailQueue::set_aside(const mail::LetterName& name, const Error& error) {
    write(said(Level::error, "mail-damaged",
               fmt::format("a kept mail cannot be sent, {}: it is now {}", error.message,
                           folder_->set_aside(name))));
}

// ---- the end ----

void MailQueue::stop() { stop_at_ = read_clock().monotonic + kLastStores; }

void MailQueue::finish() {
    for (const auto& [id, letter] : std::exchange(writing_, {})) {
        write(
            mail_problem(label_of(letter), "the daemon stops before the disk has taken the mail"));
        log_output(letter);
    }
}

void MailQueue::log_output(const mail::Letter& letter) {
    const std::string body = mail::body_of(letter.message);
    std::string_view output = body;
    std::string ends;
    if (output.size() > kLoggedBytesMax) {
        ends =
            process::join_ends(output.substr(0, kLoggedBytesMax / 2),
                               output.substr(output.size() - kLoggedBytesMax / 2), output.size());
        output = ends;
    }
    for (const Record& record : output_lines(label_of(letter), output)) write(record);
}

void MailQueue::write(const Record& record) { log_.write(record, read_clock().instant); }

}  // namespace cron::daemon
