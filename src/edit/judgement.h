// What crond would make of a table that is to be installed, and what people are told of that.
#pragma once

#include <string>
#include <string_view>

#include "edit/crontab.h"

namespace cron::edit {

// With advice (what is probably not meant) where people read it.
crontab::Table judge(std::string_view text, const Scene& scene);

// All errors on stderr, each with its line and a caret. `file` is what the table is called.
void show_errors(const crontab::Table& table, std::string_view file, const Scene& scene);
void show_warnings(const crontab::Table& table, std::string_view file, const Scene& scene);

// "3 entries installed for alice; next: backup.sh at Sun 2026-11-22 03:00 +01:00".
std::string summary_of(const crontab::Table& table, std::string_view done, const Scene& scene);

}  // namespace cron::edit
