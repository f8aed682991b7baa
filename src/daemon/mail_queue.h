// Mail that its mailer did not take: kept in the spool, tried again, also by the next daemon, and
// given to the log in the end. What must wait for the disk is done by a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/accounts.h"
#include "daemon/errands.h"
#include "daemon/letter_folder.h"
#include "daemon/log.h"
#include "daemon/mail_facts.h"
#include "daemon/worker.h"
#include "mail/letter.h"

namespace cron::daemon {

// Beyond these the output of a run goes to the log at once. All: kLettersMax.
inline constexpr std::size_t kLettersOfUserMax = 200;
inline constexpr std::size_t kLetterBytesOfUserMax = 16U << 20;
inline constexpr std::size_t kLetterBytesOfAllMax = 256U << 20;
inline constexpr seconds kLastStores{5};  // for what is kept when the daemon stops
inline constexpr minutes kMailerTime{5};  // then it is killed

class MailQueue {
  public:
    // The mailer that takes `letter` on its standard input.
    using Prepare = std::function<Result<Errand::Program>(const mail::Letter& letter,
                                                          const process::Identity& identity)>;

    // Keeps nothing until open().
    MailQueue(Worker& worker, Accounts& accounts, Errands& mailers, Log& log, Prepare prepare)
        : worker_(worker),
          accounts_(accounts),
          mailers_(mailers),
          log_(log),
          prepare_(std::move(prepare)) {}

    // The letters in the folder are read by the worker, and tried again from then on.
    Result<void> open(const std::string& path);

    bool is_open() const { return folder_ != nullptr; }

    // Keeps a letter that was tried so often (0: its turn did not come). An error says why it
    // cannot be; where that shows only later, its output goes to the log.
    Result<void> keep(mail::Letter letter, std::uint32_t tries, const std::string& reason);

    // When expire() wants to be called: a letter is due.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // Whether a stop now would neither lose a letter nor have one sent twice: none is on its way
    // to the disk or with a mailer.
    bool is_settled() const { return writing_.empty() && mailing_ == 0; }
    // The daemon is about to end, or may be: no letter is tried until resume().
    void rest() { is_resting_ = true; }
    void resume() { is_resting_ = false; }
    // The daemon ends: from now on letters are kept in the calling thread.
    void stop();
    // What the disk has not taken goes to the log.
    void finish();

  private:
    using Id = std::uint64_t;
    struct Slip {
        mail::LetterName name;
        RunLabel run;
        std::uint32_t uid = 0;
        std::size_t bytes = 0;
        std::uint32_t tries = 0;  // its name says less where it could not be renamed
        std::size_t mailed_bytes = 0;
    };

    void found(std::vector<LetterFolder::Found> letters);
    Result<void> check_room(std::uint32_t uid, std::size_t bytes) const;
    void stored(Id id, const Result<void>& result, const std::string& reason, seconds delay);

    void try_again(Id id, const Result<process::Identity>& identity);
    std::optional<Errand::Program> prepare(Id id, const process::Identity& identity);
    void unreadable(Id id, const Error& error);
    void ended(Id id, const ErrandEnd& end);
    void failed(Id id, const std::string& reason);
    void put_off(Id id);
    void give_up(Id id, std::string_view reason);
    void remove(Id id);
    void set_aside(const mail::LetterName& name, const Error& error);
    void log_output(const mail::Letter& letter);
    void write(const Record& record);

    Worker& worker_;
    Accounts& accounts_;
    Errands& mailers_;
    Log& log_;
    Prepare prepare_;
    std::shared_ptr<const LetterFolder> folder_;  // null: nothing is kept
    std::map<Id, Slip> slips_;                    // of all letters
    std::set<std::pair<Monotonic, Id>> due_;      // of those that wait, the older first
    std::map<Id, mail::Letter> writing_;          // those on their way to the disk
    Id last_id_ = 0;
    std::uint64_t tag_ = 0;    // of the last letter; a letter's is its own
    std::size_t mailing_ = 0;  // so many have a mailer
    bool is_syncing_ = false;
    bool is_resting_ = false;
    std::optional<Monotonic> stop_at_;  // the daemon ends, and nothing is stored after this
};

}  // namespace cron::daemon
