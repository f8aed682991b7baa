// SIGUSR2: how the daemon becomes the program that is installed now, and what the next one finds.
// docs/upgrade.md.
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "daemon/crond.h"
#include "daemon/facts.h"
#include "daemon/upgrade_facts.h"
#include "process/child.h"

namespace cron::daemon {
namespace {

// Mailers and hooks have so long to end before what ended meanwhile is looked at again; and then
// the upgrade waits before it tries once more. None of them has longer than their own bound, 5
// minutes.
constexpr seconds kHoldMax{2};
constexpr seconds kHoldPause{10};
constexpr minutes kUpgradePatience{15};
constexpr seconds kLogWait{1};     // for whoever reads the log
constexpr seconds kAnswerWait{1};  // for who has asked over the socket

}  // namespace

void Crond::upgrade() {
    // What is due at the start of a boot must not be lost.
    if (readiness_ != nullptr) {
        is_upgrade_asked_ = true;
        return;
    }
    if (upgrading_) return;
    if (const auto objection = objection_to_upgrade()) {
        write(upgrade_refused(*objection));
        return;
    }
    write(upgrade_started(setting_.version, upgrade_.origin().program));
    upgrading_ = Upgrading{};
    upgrading_->since = read_clock().monotonic;
    upgrade_.check();
    arm();
}

std::optional<std::string> Crond::objection_to_upgrade() const {
    if (has_own_tables()) return "tables as arguments are run anew by whoever gives them";
    if (setting_.options.output != OutputFormat::mail) {
        return "what jobs print goes by way of this process (--output)";
    }
    if (is_stopping_) return "the daemon stops";
    if (keeper_.is_weak()) return "verdicts are held in memory: the ledger cannot be written";
    return std::nullopt;
}

void Crond::checked(const Result<std::string>& version) {
    if (!upgrading_) return;
    if (!version) return refuse_upgrade(version.error().message);
    upgrading_->is_checked = true;
}

void Crond::refuse_upgrade(const std::string& reason) {
    write(upgrade_refused(reason));
    give_up_upgrade();
}

void Crond::give_up_upgrade() {
    if (!upgrading_) return;
    release();
    upgrading_.reset();
    upgrade_.abandon();
    arm();
}

void Crond::release() {
    upgrading_->held_until.reset();
    runs_->release();
    after_run_->resume();
}

// Ends of runs are held back, for each may bring mail or a hook, until none is on its way: those
// are known to this program alone.
void Crond::go_on_upgrading() {
    if (!upgrading_->is_checked) return;
    const Monotonic now = read_clock().monotonic;
    if (const auto objection = objection_to_upgrade()) return refuse_upgrade(*objection);
    if (!upgrading_->held_until) {
        if (now < upgrading_->next_hold || !runs_->hold()) return;
        after_run_->rest();
        upgrading_->held_until = now + kHoldMax;
    }
    if (after_run_->is_idle()) {
        if (pause_control()) return become_next();
        put_off_upgrade("a change of a table", now);
    } else if (now >= *upgrading_->held_until) {
        put_off_upgrade("a mailer or a hook", now);
    }
    arm();
}

void Crond::put_off_upgrade(std::string_view cause, Monotonic now) {
    if (now >= upgrading_->since + kUpgradePatience) {
        return refuse_upgrade(fmt::format("{} goes on without end", cause));
    }
    if (!std::exchange(upgrading_->told_waiting, true)) {
        write(upgrade_waits(fmt::format("{} has not ended", cause)));
    }
    release();
    upgrading_->next_hold = now + kHoldPause;
}

// A table must not be left half changed, nor its change without an answer.
bool Crond::pause_control() {
    if (!control_) return true;
    const bool is_paused = control_->pause(kAnswerWait);
    on_control();
    if (!is_paused) go_on_with_control();
    return is_paused;
}

void Crond::go_on_with_control() {
    if (!control_) return;
    if (const auto went_on = control_->go_on(); !went_on) {
        write(said(Level::error, "no-control",
                   "users cannot change their tables: " + went_on.error().message));
    }
}

// Waits, with the whole daemon, until all that was ordered is on the disk. What is told meanwhile
// is not acted upon: the ledger has it.
Result<void> Crond::settle_disk() {
    const Monotonic end = read_clock().monotonic + kLedgerPatience;
    const auto is_settled = [this] {
        return keeper_.is_idle() && base_.ledger_worker.pending() == 0 &&
               base_.mail_worker.pending() == 0;
    };
    while (!is_settled()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - read_clock().monotonic);
        if (left.count() <= 0) return failure(ErrorCode::busy, "the disk is too slow");
        std::array<pollfd, 2> workers = {
            {{base_.ledger_worker.fd(), POLLIN, 0}, {base_.mail_worker.fd(), POLLIN, 0}}};
        ::poll(workers.data(), workers.size(), static_cast<int>(left.count()));
        base_.ledger_worker.finish();
        base_.mail_worker.finish();
    }
    if (keeper_.is_weak()) return failure(ErrorCode::busy, "the ledger cannot be written");
    return {};
}

void Crond::become_next() {
    is_handling_ = true;  // events wait
    Error error;
    if (const auto settled = settle_disk(); !settled) {
        error = settled.error();
    } else {
        Handover handover;
        handover.version = setting_.version;
        handover.pid = ::getpid();
        handover.process_start = process::process_start(handover.pid).value_or(0);
        handover.descriptors_soft = base_.launcher.descriptor_limit().rlim_cur;
        handover.descriptors_hard = base_.launcher.descriptor_limit().rlim_max;
        handover.directory = upgrade_.origin().directory;
        handover.descriptors = {{kPidfileLock, base_.locks->pidfile.fd()},
                                {kSpoolLock, base_.locks->spool.fd()}};
        if (control_) handover.descriptors.emplace(kControlSocket, control_->listener_fd());
        runs_->hand_over(handover);
        log_.finish(kLogWait);
        error = upgrade_.become(handover);
    }
    write(upgrade_failed(error.message));
    go_on_with_control();
    give_up_upgrade();
    handle_events();
}

void Crond::tell_upgraded() {
    const Handover& facts = inherited_->facts();
    if (const auto& problem = inherited_->problem()) write(handover_unread(problem->message));
    const std::string from = facts.version.empty() ? "another version" : facts.version;
    write(upgraded(from, setting_.version, facts.runs.size()));
    runs_->forget_inherited();
    inherited_.reset();
}

std::optional<std::uint64_t> Crond::process_start_of(int pid) const {
    if (inherited_) {
        for (const HandedRun& run : inherited_->facts().runs) {
            if (run.pid == pid) return run.process_start;
        }
    }
    return process::process_start(pid);
}

}  // namespace cron::daemon
