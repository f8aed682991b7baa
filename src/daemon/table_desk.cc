#include "daemon/table_desk.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/text.h"
#include "process/user.h"

namespace cron::daemon {
namespace {

tl::unexpected<control::Refusal> refused(Error error) {
    return tl::unexpected<control::Refusal>({std::move(error), {}, {}});
}

TableDesk::Served sent_away(Error error, std::optional<Record> record = std::nullopt) {
    return {refused(std::move(error)), std::move(record), false};
}

const std::string& user_of(const control::Request& request) {
    return std::visit([](const auto& one) -> const std::string& { return one.user; }, request);
}

std::string_view action_of(const control::Request& request, const control::TableNow& now) {
    if (std::holds_alternative<control::ReadTable>(request)) return "LIST";
    return now.version.empty() ? "DELETE" : "REPLACE";
}

std::size_t count_lines(std::string_view text) {
    const auto ends = std::count(text.begin(), text.end(), '\n');
    return static_cast<std::size_t>(ends) + (text.empty() || text.ends_with('\n') ? 0 : 1);
}

control::TableNow table_of(std::optional<spool::StoredTable> stored) {
    if (!stored) return {};
    return {std::move(stored->text), std::move(stored->version)};
}

}  // namespace

TableDesk::Served TableDesk::serve(const control::Peer& peer, const control::Request& request,
                                   const std::function<bool()>& has_gone) {
    const Result<Visitor> visitor = identify(peer);
    if (!visitor) return sent_away(visitor.error());
    const Asker& asker = visitor->asker;
    const auto allowed =
        spool::may_use_crontab(settings_.permission, asker.name, visitor->is_root, flavour_);
    if (!allowed) {
        return sent_away(allowed.error(), crontab_denied(asker, allowed.error().message));
    }
    const std::string& name = user_of(request);
    const Result<spool::TableOwner> owner = find_owner(*visitor, peer.uid, name);
    if (!owner) {
        const bool is_denied = owner.error().code == ErrorCode::denied;
        return sent_away(owner.error(),
                         is_denied ? std::optional(table_denied(asker, name)) : std::nullopt);
    }
    if (auto large = check_size(*visitor, request); !large) return sent_away(large.error());
    const std::unique_lock turn(visitor->is_root ? roots_turn_ : users_turn_, settings_.queue_time);
    if (!turn) {
        return sent_away({ErrorCode::busy, "crond is held up by other requests; try again later"});
    }
    if (has_gone()) return sent_away({ErrorCode::busy, "nobody waits for the answer"});
    Served served{std::visit([&](const auto& one) { return carry_out(*owner, one); }, request),
                  std::nullopt, false};
    if (served.answer) {
        served.record = table_used(asker, action_of(request, *served.answer), owner->name);
        served.has_changed = !std::holds_alternative<control::ReadTable>(request);
    }
    return served;
}

Result<TableDesk::Visitor> TableDesk::identify(const control::Peer& peer) const {
    Visitor visitor{{"", peer.pid}, is_root(peer.uid)};
    // Our own user may have no name but the one that we gave him.
    if (peer.uid == settings_.reading.trusted) {
        visitor.asker.name = settings_.reading.caller;
        return visitor;
    }
    Result<std::string> name = process::find_user_name(peer.uid);
    if (!name) return tl::unexpected(name.error());
    // Two sources of users may call two by one name. The table is whose the name is, and that is
    // how jobs are started too.
    const auto named = process::find_user(*name);
    if (!named) return tl::unexpected(named.error());
    if (named->uid != peer.uid) {
        return failure(ErrorCode::denied, fmt::format("uid {} is called {}, who is uid {}",
                                                      peer.uid, printable(*name), named->uid));
    }
    visitor.asker.name = *std::move(name);
    return visitor;
}

Result<spool::TableOwner> TableDesk::find_owner(const Visitor& visitor, uid_t uid,
                                                const std::string& name) const {
    if (name == visitor.asker.name) return spool::TableOwner{name, uid};
    if (!visitor.is_root) {
        return failure(ErrorCode::denied,
                       fmt::format("only root may use the crontab of {}", printable(name)));
    }
    const auto user = process::find_user(name);
    if (!user) return tl::unexpected(user.error());
    // As the directory spells it: one that takes JOE for joe must not give him two tables.
    return spool::TableOwner{user->name, user->uid};
}

Result<void> TableDesk::check_size(const Visitor& visitor, const control::Request& request) const {
    const auto* const install = std::get_if<control::InstallTable>(&request);
    if (visitor.is_root || install == nullptr) return {};
    const std::size_t lines = count_lines(install->text);
    if (lines <= kLinesOfUserMax) return {};
    return failure(ErrorCode::limit,
                   fmt::format("the crontab is too long: it has {} lines, and the maximum number "
                               "of lines is {} (but for root)",
                               lines, kLinesOfUserMax));
}

// As the table will be read. Where its jobs' clocks are and which machine it is tell no error from
// what is none, so they need not be the latest.
std::optional<control::Refusal> TableDesk::check(const std::string& owner,
                                                 const std::string& text) const {
    crontab::Options options;
    options.owner = owner;
    options.name = fmt::format("{}/{}", settings_.tables.crontabs, owner);
    options.machine_id = settings_.reading.machine_id;
    options.flavour = flavour_;
    options.zone = settings_.reading.zone;
    options.find_zone = settings_.reading.find_zone;
    const crontab::Table table = crontab::parse(text, options);
    if (!table.has_errors()) return std::nullopt;
    const std::size_t count = table.count(crontab::Severity::error);
    control::Refusal refusal{
        {ErrorCode::invalid, fmt::format("the crontab of {} has {} error{}", printable(owner),
                                         count, count == 1 ? "" : "s")},
        {},
        {}};
    for (const crontab::Diagnostic& diagnostic : table.diagnostics) {
        if (diagnostic.severity != crontab::Severity::error) continue;
        refusal.diagnostics.push_back(crontab::print_line(diagnostic, owner));
    }
    return refusal;
}

control::Answer TableDesk::carry_out(const spool::TableOwner& owner, const control::ReadTable&) {
    auto stored = tables_.read(owner);
    if (!stored) return refused(stored.error());
    return table_of(*std::move(stored));
}

control::Answer TableDesk::carry_out(const spool::TableOwner& owner,
                                     const control::InstallTable& request) {
    if (auto refusal = check(owner.name, request.text)) {
        return tl::unexpected<control::Refusal>(*std::move(refusal));
    }
    auto version = tables_.install(owner, request.text, request.before);
    if (!version) return refused(version.error());
    return control::TableNow{std::nullopt, *std::move(version)};
}

control::Answer TableDesk::carry_out(const spool::TableOwner& owner,
                                     const control::RemoveTable& request) {
    if (auto removed = tables_.remove(owner, request.before); !removed) {
        return refused(removed.error());
    }
    return control::TableNow{};
}

control::Answer TableDesk::carry_out(const spool::TableOwner& owner, const control::UndoTable&) {
    auto stored = tables_.undo(owner);
    if (!stored) return refused(stored.error());
    return table_of(*std::move(stored));
}

}  // namespace cron::daemon
