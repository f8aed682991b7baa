#include "edit/desk.h"

#include <utility>

namespace cron::edit {
namespace {

using control::Answer;
using control::Refusal;
using control::TableNow;

Answer refusal(Error error) {
    Refusal refusal;
    refusal.error = std::move(error);
    return tl::unexpected<Refusal>(std::move(refusal));
}

Answer answer(Result<std::optional<spool::StoredTable>> table) {
    if (!table) return refusal(std::move(table.error()));
    if (!*table) return TableNow{};
    return TableNow{std::move((*table)->text), std::move((*table)->version)};
}

struct Clerk {
    const spool::UserTables& tables;
    const spool::TableOwner& owner;

    Answer operator()(const control::ReadTable&) const { return answer(tables.read(owner)); }
    Answer operator()(const control::InstallTable& order) const {
        auto version = tables.install(owner, order.text, order.before);
        if (!version) return refusal(std::move(version.error()));
        return TableNow{std::nullopt, *std::move(version)};
    }
    Answer operator()(const control::RemoveTable& order) const {
        auto removed = tables.remove(owner, order.before);
        if (!removed) return refusal(std::move(removed.error()));
        return TableNow{};
    }
    Answer operator()(const control::UndoTable&) const { return answer(tables.undo(owner)); }
};

}  // namespace

Desk direct_desk(spool::UserTables tables, spool::TableOwner owner) {
    return [tables = std::move(tables),
            owner = std::move(owner)](const control::Request& request) -> Result<Answer> {
        return std::visit(Clerk{tables, owner}, request);
    };
}

}  // namespace cron::edit
