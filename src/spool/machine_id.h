// Which machine this is: stable choices in tables (`H`, `a~b`) are made for it.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace cron::spool {

inline constexpr std::size_t kIdBytesMax = 128;

// What stands before the first white space of a file, of which kIdBytesMax bytes are read. A FIFO
// does not block.
Result<std::string> read_word(const std::string& path);

// The first word of /etc/machine-id; where there is none, the host's name. For stable choices that
// should differ between machines, so an empty one only makes them equal.
std::string read_machine_id(const std::string& path = "/etc/machine-id");

}  // namespace cron::spool
