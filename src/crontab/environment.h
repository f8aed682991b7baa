// The environment as it grows while a table is read. Entries between two changes share one copy.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "crontab/table.h"

namespace cron::crontab {

class EnvironmentBuilder {
  public:
    // Beyond kEnvironmentBytesMax an error of code limit, and nothing is changed.
    Result<void> set(std::string_view name, std::string_view value);

    // The value of `name` now; null if it is not set.
    const std::string* find(std::string_view name) const;

    // What is set now, never null. Beyond kEnvironmentsBytesMax in all copies an error of code
    // limit.
    Result<std::shared_ptr<const Environment>> share();

  private:
    Environment current_;
    std::size_t current_bytes_ = 0;
    std::map<std::string, std::size_t, std::less<>> places_;  // by name, in current_
    std::shared_ptr<const Environment> shared_;               // null: current_ has changed since
    std::size_t copied_bytes_ = 0;
};

}  // namespace cron::crontab
