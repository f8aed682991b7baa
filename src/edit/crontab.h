// crontab as a function of its options and of what is around it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "crontab/table.h"
#include "edit/desk.h"
#include "edit/options.h"
#include "edit/terminal.h"

namespace cron::edit {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;

struct Scene {
    std::string user;  // whose table it is
    Desk desk;
    Terminal terminal;
    crontab::Options parsing;  // without advise_from
    Instant now{};
    std::string temporary_folder = "/tmp";
    // Lets the caller edit the file, and returns when that is over; an error if it went wrong.
    std::function<Result<void>(const std::string& path)> edit;
    // LIST, REPLACE, DELETE, BEGIN EDIT, END EDIT: as the classics log them.
    std::function<void(std::string_view event)> log;
};

// The exit status: 0, or 1 where what was asked was not done.
int run(const Options& options, const Scene& scene);

}  // namespace cron::edit
