#include "spool/users.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::spool {
namespace {

constexpr std::size_t kSourceBytesMax = 200;  // of a line that is shown

// Gives the lines of a text by number; the numbers asked for must not fall.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}

    std::string_view line(std::size_t number) {
        for (; line_ < number; ++line_) {
            rest_.remove_prefix(std::min(rest_.size(), rest_.find('\n')));
            rest_.remove_prefix(std::min<std::size_t>(rest_.size(), 1));
        }
        return rest_.substr(0, rest_.find('\n'));
    }

  private:
    std::string_view rest_;
    std::size_t line_ = 1;
};

// At the user of the entry, whose line is this one.
crontab::Diagnostic diagnostic_at(const crontab::Entry& entry, std::string_view line) {
    crontab::Diagnostic diagnostic;
    diagnostic.line = entry.line;
    diagnostic.begin = entry.user_begin;
    diagnostic.end = entry.user_begin + entry.user.size();
    // The user stands near the start of any line that people can read.
    diagnostic.source = line.substr(0, kSourceBytesMax);
    if (diagnostic.end > diagnostic.source.size()) diagnostic.source.clear();
    return diagnostic;
}

crontab::Diagnostic unresolved_user(const crontab::Entry& entry, UserAnswer::Kind kind,
                                    std::string_view line) {
    crontab::Diagnostic diagnostic = diagnostic_at(entry, line);
    diagnostic.name = "unknown-user";
    if (kind == UserAnswer::Kind::unknown) {
        diagnostic.message = fmt::format("there is no user '{}'", printable(entry.user));
        diagnostic.hint =
            "the field after the schedule names the user to run as; this entry waits for one";
    } else {
        diagnostic.severity = crontab::Severity::warning;
        diagnostic.message =
            fmt::format("user '{}' cannot be looked up now", printable(entry.user));
        diagnostic.hint = "this entry waits until it can";
    }
    return diagnostic;
}

crontab::Diagnostic user_out_of_reach(const crontab::Entry& entry, uid_t caller,
                                      std::string_view line) {
    crontab::Diagnostic diagnostic = diagnostic_at(entry, line);
    diagnostic.name = "other-user";
    diagnostic.message =
        fmt::format("a job of user '{}' needs a crond of root, and this one is uid {}",
                    printable(entry.user), caller);
    return diagnostic;
}

}  // namespace

UserAnswer Users::resolve(const std::string& name) {
    const UserAnswer answer = find_(name);
    switch (answer.kind) {
        case UserAnswer::Kind::known:
            known_.insert_or_assign(name, answer.uid);
            break;
        case UserAnswer::Kind::unknown:
            known_.erase(name);
            break;
        case UserAnswer::Kind::unsure:
            if (const auto last = known_.find(name); last != known_.end()) {
                return {UserAnswer::Kind::known, last->second};
            }
            break;
    }
    return answer;
}

std::vector<std::string> leave_out_unresolved(crontab::Table& table, std::string_view text,
                                              Users& users, std::optional<uid_t> only) {
    std::map<std::string, UserAnswer, std::less<>> answers;
    std::vector<std::string> unresolved;
    Lines lines(text);
    crontab::Entries kept;
    kept.reserve(table.entries.size());
    for (auto& entry : table.entries) {
        auto answer = answers.find(entry->user);
        if (answer == answers.end()) {
            answer = answers.emplace(entry->user, users.resolve(entry->user)).first;
            if (answer->second.kind != UserAnswer::Kind::known) unresolved.push_back(entry->user);
        }
        const auto& [kind, uid] = answer->second;
        if (kind != UserAnswer::Kind::known) {
            table.diagnostics.push_back(unresolved_user(*entry, kind, lines.line(entry->line)));
        } else if (only && uid != *only) {
            table.diagnostics.push_back(user_out_of_reach(*entry, *only, lines.line(entry->line)));
        } else {
            kept.push_back(std::move(entry));
        }
    }
    table.entries = std::move(kept);
    std::stable_sort(table.diagnostics.begin(), table.diagnostics.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return unresolved;
}

}  // namespace cron::spool
