// What crond has to say of what jobs print on its own streams, as log records. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/facts.h"
#include "daemon/record.h"
#include "daemon/run_format.h"

namespace cron::daemon {

// Whose output it is, for as long as any of it is on its way.
struct OutputName {
    RunLabel run;
    std::string run_id;
    Stream stream = Stream::output;
};

OutputName name_of(const Source& source);
std::string_view name_of(Stream stream);

// So much of what a run has printed was dropped, and our own stream cannot say so.
Record output_dropped(const OutputName& name, const Gap& gap);
// Nobody has read our own stream for a while: what jobs print is dropped from now on.
Record output_stuck(Stream stream, std::size_t waiting_bytes);
// It is read again, after so long. `lost`: what crond itself had to say there, and could not.
Record output_flows(Stream stream, microseconds after, std::uint64_t lost_lines);
// Nobody can read it any more; so much was on its way.
Record output_closed(Stream stream, std::string_view reason, std::uint64_t lines,
                     std::uint64_t bytes);
// So much was on its way when the daemon ended.
Record output_unread(Stream stream, std::uint64_t lines, std::uint64_t bytes);

}  // namespace cron::daemon
