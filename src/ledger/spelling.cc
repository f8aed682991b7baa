#include "ledger/spelling.h"

namespace cron::ledger {

using engine::Cause;
using engine::Fate;
using engine::Outcome;

std::string_view spelling_of(Fate fate) {
    switch (fate) {
        case Fate::start:
            return "start";
        case Fate::merged:
            return "merged";
        case Fate::missed:
            return "missed";
        case Fate::suspended:
            return "suspended";
    }
    return "";
}

std::string_view spelling_of(Cause cause) {
    switch (cause) {
        case Cause::schedule:
            return "schedule";
        case Cause::catch_up:
            return "catch-up";
        case Cause::manual:
            return "manual";
        case Cause::boot:
            return "boot";
    }
    return "";
}

std::string_view spelling_of(Outcome::Kind kind) {
    switch (kind) {
        case Outcome::Kind::exited:
            return "exited";
        case Outcome::Kind::not_started:
            return "not-started";
        case Outcome::Kind::skipped:
            return "skipped";
        case Outcome::Kind::withdrawn:
            return "withdrawn";
        case Outcome::Kind::merged:
            return "merged";
        case Outcome::Kind::missed:
            return "missed";
        case Outcome::Kind::refused:
            return "refused";
    }
    return "";
}

}  // namespace cron::ledger
