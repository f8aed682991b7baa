// What becomes of the output of a run: mail to whom the table says, or the log where there is no
// mailer. What a mailer does not take is tried again (mail_queue.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/accounts.h"
#include "daemon/customs.h"
#include "daemon/errands.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/mail_queue.h"
#include "daemon/runs.h"
#include "daemon/worker.h"
#include "engine/effect.h"
#include "mail/letter.h"
#include "process/launch.h"

namespace cron::daemon {

class Delivery {
  public:
    struct Settings {
        std::string host;            // for the subject
        std::string domain;          // for Message-ID
        std::string mailer;          // its path; empty: there is none
        std::string mailer_command;  // in its place, for the shell, with recipients in the message
        bool is_to_log = false;      // output is not mailed: the log has all of it
        bool change_user = false;
    };

    // `worker` is for mail that is kept; `progress` is called when a mailer has ended.
    Delivery(EventLoop& loop, process::Launcher& launcher, Accounts& accounts, Worker& worker,
             Log& log, Settings settings, std::function<void()> progress, const Customs& customs)
        : log_(log),
          settings_(std::move(settings)),
          customs_(customs),
          mailers_(loop, launcher, {}, std::move(progress)),
          queue_(worker, accounts, mailers_, log,
                 [this](const mail::Letter& letter, const process::Identity& identity) {
                     return mailer(letter, identity);
                 }) {}

    // From now on what a mailer does not take is kept in this folder, and what is there is tried
    // again. Without that it goes to the log.
    Result<void> keep_in(const std::string& folder) { return queue_.open(folder); }

    void deliver(const engine::Deliver& order, Remains remains);
    bool has_child(pid_t pid) const { return mailers_.has_child(pid); }
    bool is_idle() const { return mailers_.is_idle() && queue_.is_settled(); }
    // The daemon is about to end, or may be: kept mail waits for the next one, or for resume().
    void rest() { queue_.rest(); }
    void resume() { queue_.resume(); }

    // When expire() wants to be called: a mailer has had its time, or a mail is tried again.
    std::optional<Monotonic> deadline() const;
    void expire(Monotonic now);

    // The daemon ends. What waits for a mailer is kept for the next daemon; mailers that run end by
    // themselves, but where they `end_with_us`: then what they have not taken is kept too.
    void give_up(bool end_with_us);

  private:
    struct Output {
        engine::Deliver order;
        Remains remains;
        std::vector<std::string> recipients;
        std::string sender;
        std::uint32_t tries = 0;
        std::uint64_t mailed_bytes = 0;
    };

    std::optional<Errand::Program> prepare(std::uint64_t id);
    Result<mail::Letter> compose(Output& output) const;
    Result<Errand::Program> mailer(const mail::Letter& letter,
                                   const process::Identity& identity) const;
    std::string mailer_program() const;
    void mailed(std::uint64_t id, const ErrandEnd& end);
    void not_taken(Output& output, const std::string& reason);
    void log_output(const Output& output);
    void complain(const Output& output, std::string_view problem);
    void complain_of_address(const Output& output, std::string_view variable,
                             std::string_view problem);

    Log& log_;
    Settings settings_;
    const Customs& customs_;
    std::map<std::uint64_t, Output> outputs_;  // that a mailer has, or that wait for one
    std::uint64_t last_id_ = 0;
    Errands mailers_;
    MailQueue queue_;
};

}  // namespace cron::daemon
