// How runs and what they print read on our own stdout and stderr. A format is words only: it is
// given facts and lines, and gives text and the stream that it is for. Streams writes it.
//
// One more format is one more class of this kind, which Outputs is made with (Outputs::Settings).
// What tell() has no words for goes to the log; so a format that has its own for a fact keeps it
// from being told twice.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "calendar/zone.h"
#include "crontab/table.h"
#include "daemon/run_fact.h"
#include "engine/run.h"
#include "process/lines.h"

namespace cron::daemon {

enum class Stream { output, error };  // stdout and stderr, a job's or ours

// Text with its newline; empty where there is nothing to say after all.
struct Told {
    Stream to = Stream::output;
    std::string text;
};

// Whose output it is.
struct Source {
    const crontab::Entry& entry;
    const engine::RunKey& key;
    std::uint32_t attempt = 1;
    bool is_hook = false;  // of the command that follows the run
    Stream stream = Stream::output;
};

// What was dropped of a stream at one place, since nobody read our own.
struct Gap {
    std::uint64_t lines = 0;  // newlines, and a last line without
    std::uint64_t bytes = 0;

    bool is_empty() const { return bytes == 0; }
};

// The words for one stream of one run; outlives neither its format nor, maybe, its run's end.
class LineWriter {
  public:
    virtual ~LineWriter() = default;

    // Appends the line, or the piece of one, as it is to be written.
    virtual void append(std::string& out, const process::OutputLine& line, Instant now) = 0;
    // That something is missing here.
    virtual void append_gap(std::string& out, const Gap& gap, Instant now) = 0;
};

struct SourceLines {
    Stream to = Stream::output;  // on which of ours they go
    std::unique_ptr<LineWriter> writer;
};

class RunFormat {
  public:
    virtual ~RunFormat() = default;

    // None: the log is to tell it.
    virtual std::optional<Told> tell(const RunFact& fact, Instant now) = 0;
    // Asked before the process is made.
    virtual SourceLines lines_of(const Source& source) = 0;
    // In which times are written; UTC before.
    virtual void set_zone(const calendar::Zone&) {}
};

// "[name] " before each line, and before each piece of a long one.
std::unique_ptr<RunFormat> make_prefix_format();
// The bytes as they are.
std::unique_ptr<RunFormat> make_raw_format();

}  // namespace cron::daemon
