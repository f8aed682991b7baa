// The commands of crontab. Each returns the exit status.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "edit/crontab.h"

namespace cron::edit {

int run_install(const Options& options, const Scene& scene);
int run_check(const Options& options, const Scene& scene);
int run_list(const Scene& scene);
int run_edit(const Scene& scene);
int run_remove(const Options& options, const Scene& scene);
int run_undo(const Scene& scene);

// What the desk says; an error, a refusal too, without having been told. Lines of diagnostics that
// came with a refusal are told.
Result<control::TableNow> ask(const Scene& scene, const control::Request& request);

int fail(const Scene& scene, const Error& error);

}  // namespace cron::edit
