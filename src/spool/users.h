// Which users exist, as far as can be told now; and entries of system tables whose user does not.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crontab/table.h"

namespace cron::spool {

struct UserAnswer {
    enum class Kind {
        known,
        unknown,
        unsure,  // the directory of users does not answer now
    };
    Kind kind = Kind::unknown;
    uid_t uid = 0;  // known only
};
// What a lookup tells: not_found is unknown, any other failure unsure.
template <class User>
UserAnswer answer_of(const Result<User>& found) {
    if (found) return {UserAnswer::Kind::known, found->uid};
    const bool is_unknown = found.error().code == ErrorCode::not_found;
    return {is_unknown ? UserAnswer::Kind::unknown : UserAnswer::Kind::unsure, 0};
}
using FindUser = std::function<UserAnswer(const std::string& name)>;

class Users {
  public:
    explicit Users(FindUser find) : find_(std::move(find)) {}

    // A user once known stays so while the directory does not answer.
    UserAnswer resolve(const std::string& name);

  private:
    FindUser find_;
    std::map<std::string, uid_t, std::less<>> known_;
};

// Takes the entries out of `table` whose user is not known, with a diagnostic for each; and those
// of others than `only`, where that is set. `text` is what the table was parsed from. Returns the
// names of the users that are not known, each once.
std::vector<std::string> leave_out_unresolved(crontab::Table& table, std::string_view text,
                                              Users& users, std::optional<uid_t> only = {});

}  // namespace cron::spool
