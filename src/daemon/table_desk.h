// Where users have their tables changed: who may, what may be installed, and what is said of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "control/message.h"
#include "control/socket.h"
#include "crontab/table.h"
#include "daemon/control_facts.h"
#include "daemon/record.h"
#include "spool/permission.h"
#include "spool/tables.h"
#include "spool/user_tables.h"

namespace cron::daemon {

// As with Debian's cron. A million entries of one user would cost the others a gigabyte, and hold
// up the ledger for seconds.
inline constexpr std::size_t kLinesOfUserMax = 10'000;

// From any thread; it may wait for a disk, for the directory of users, and for others who were here
// before: one user at a time is served, and beside him root.
class TableDesk {
  public:
    struct Settings {
        spool::UserTablesSettings tables;
        spool::PermissionFiles permission;
        spool::Settings reading;  // how a table is read, and who crond's own user is
        std::chrono::milliseconds queue_time{20'000};  // longer, and who waits is told to come back
    };

    explicit TableDesk(Settings settings)
        : settings_(std::move(settings)),
          tables_(settings_.tables),
          flavour_(settings_.reading.flavour) {}

    struct Served {
        control::Answer answer;
        std::optional<Record> record;
        bool has_changed = false;  // a table
    };
    // Nothing is done for somebody who has gone while he waited.
    Served serve(const control::Peer& peer, const control::Request& request,
                 const std::function<bool()>& has_gone);

    void set_flavour(crontab::Flavour flavour) { flavour_ = flavour; }

  private:
    struct Visitor {
        Asker asker;
        bool is_root = false;
    };

    bool is_root(uid_t uid) const { return uid == 0 || uid == settings_.reading.trusted; }
    Result<Visitor> identify(const control::Peer& peer) const;
    Result<spool::TableOwner> find_owner(const Visitor& visitor, uid_t uid,
                                         const std::string& name) const;
    Result<void> check_size(const Visitor& visitor, const control::Request& request) const;
    std::optional<control::Refusal> check(const std::string& owner, const std::string& text) const;

    control::Answer carry_out(const spool::TableOwner& owner, const control::ReadTable& request);
    control::Answer carry_out(const spool::TableOwner& owner, const control::InstallTable& request);
    control::Answer carry_out(const spool::TableOwner& owner, const control::RemoveTable& request);
    control::Answer carry_out(const spool::TableOwner& owner, const control::UndoTable& request);

    const Settings settings_;
    const spool::UserTables tables_;
    std::atomic<crontab::Flavour> flavour_;
    std::timed_mutex users_turn_;
    std::timed_mutex roots_turn_;  // whatever users do
};

}  // namespace cron::daemon
