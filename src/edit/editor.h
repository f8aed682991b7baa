// The editor of whoever calls: which it is, and one run of it.
#pragma once

#include <string>

#include "base/error.h"

namespace cron::edit {

// VISUAL, else EDITOR, else Debian's sensible-editor, else vi. Null and empty are not set.
std::string editor_of(const char* visual, const char* editor);

// Runs `editor`, a piece of shell as it may have arguments, on the file and waits for its end, on
// our terminal and as the user that we are. Keys that interrupt are for it and not for us, nor does
// a terminal that goes end us before what was edited is safe. An error: it did not end with 0.
Result<void> run_editor(const std::string& editor, const std::string& path);

}  // namespace cron::edit
