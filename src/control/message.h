// What a client asks of the daemon over its socket, and what it answers: docs/protocol.md. The
// daemon knows who asks by SO_PEERCRED; what a message says of that is never believed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace cron::control {

// The table of `user` as it is installed.
struct ReadTable {
    std::string user;
};

// Put `text` in its place. `before`: the version that the text was made from, "" where there was no
// table; another one that is installed now is an error of code busy. None: whatever is there.
struct InstallTable {
    std::string user;
    std::string text;
    std::optional<std::string> before;
};

struct RemoveTable {
    std::string user;
    std::optional<std::string> before;
};

// Bring back what was there before the last change, a removal too. Done twice, it undoes itself.
struct UndoTable {
    std::string user;
};

using Request = std::variant<ReadTable, InstallTable, RemoveTable, UndoTable>;

// What is installed now; without a value: no table.
struct TableNow {
    std::optional<std::string> text;  // not sent in answer to InstallTable
    std::string version;              // changes whenever the text does; "" where there is none
};

// Codes: denied (not this user's, or cron.allow and cron.deny), not_found (no such user; nothing to
// remove or bring back), busy (`before` is not what is there), invalid (`diagnostics` say what is
// wrong in the text, each as crontab::print_line has it), limit, system.
struct Refusal {
    Error error;
    std::vector<std::string> diagnostics;
    // Where the daemon does not know the request, being older: the requests that it does know.
    std::vector<std::string> known;
};

using Answer = tl::expected<TableNow, Refusal>;

}  // namespace cron::control
