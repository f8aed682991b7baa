// What runs print: files in the spool for whoever reads them afterwards, or our own streams.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/customs.h"
#include "daemon/event_loop.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/output_watch.h"
#include "daemon/run_fact.h"
#include "daemon/run_format.h"
#include "daemon/streams.h"
#include "daemon/upgrade.h"
#include "engine/effect.h"
#include "engine/run.h"
#include "process/output.h"
#include "process/session.h"

namespace cron::daemon {

// The streams of one start that come through pipes of ours; 0: it does not.
struct Piped {
    std::uint64_t output = 0;
    std::uint64_t error = 0;
};

// The output of one run. Its standard error is apart where output there is a failure: it comes
// last.
struct OutputFiles {
    process::OutputFile all;
    std::optional<process::OutputFile> errors;

    Result<std::uint64_t> size_bytes() const;
    // As of one file.
    Result<process::OutputText> read(std::size_t bytes_max) const;
    engine::Printed printed() const;
    // To be read when these are gone.
    Result<OutputFiles> duplicate() const;
    // Borrowed.
    HandedOutputs hand_over() const;
    // They stay when this dies. Returns the name of the first in the folder; empty if it is in
    // memory.
    std::string keep();
};

class Outputs {
  public:
    struct Settings {
        OutputFormat format = OutputFormat::mail;
        std::string folder;  // OutputFormat::mail only
        bool may_lack_folder = false;
        bool is_handed_over = false;         // what is in the folder is of runs that go on
        std::unique_ptr<RunFormat> words{};  // none: those that `format` has
    };
    // For the standard output and error of one start.
    struct Descriptors {
        int output = -1;
        int error = -1;
        UniqueFd own_output;
        UniqueFd own_error;
        Piped piped;
    };

    static Result<std::unique_ptr<Outputs>> create(EventLoop& loop, Log& log,
                                                   const Customs& customs, Settings settings);

    // Once for each fact: in the words of the format, or in the log.
    void tell(const RunFact& fact);
    // In which times are written.
    void set_zone(const calendar::Zone& zone);

    // `files`: those of the attempts before, and of the ones to come; made here where there are
    // none. None for our own streams.
    Result<Descriptors> open(const engine::Spawn& spawn, const process::Identity& identity,
                             std::optional<OutputFiles>& files);
    // The same for the command that follows the end of the run.
    Result<Descriptors> open_for_hook(const engine::Deliver& run, const process::Identity& identity,
                                      std::optional<OutputFiles>& files);
    // Of a run that another daemon has started; none if they are gone.
    std::optional<OutputFiles> reopen(const engine::Adopt& order);
    // What the session of the run leaves; in memory where there is no folder.
    Result<process::SessionFile> open_session(engine::RunNumber run) const;
    // None: the run has no session.
    std::optional<process::SessionFile> reopen_session(const engine::LiveProcess& process) const;
    // Whether the session of a run with files of this tag and number has left how its job ended.
    bool has_session_end(std::uint64_t tag, engine::RunNumber run) const;
    // Of a run that the program before us in this process has started, by what it handed over.
    std::optional<OutputFiles> take_over(Inherited& inherited,
                                         const std::optional<HandedOutputs>& handed);
    // Names the files of this daemon's runs, for reopen(); 0: there are none.
    std::uint64_t tag() const { return folder_ ? folder_->tag() : 0; }

    // Keeps the files within the limit of their entry; they stay where they are until unwatch().
    void watch(const crontab::Entry& entry, const engine::RunKey& run, OutputFiles& files);
    void unwatch(OutputFiles& files);
    // What has come through these, once; told before this returns.
    engine::Printed take_printed(const Piped& piped, const crontab::Entry& entry);

    // The daemon ends: writes what has come so far.
    void finish() { streams_->finish(); }

  private:
    Outputs(Log& log, const Customs& customs, Settings settings)
        : log_(log), customs_(customs), settings_(std::move(settings)) {}

    Result<process::OutputFile> create_file(engine::RunNumber run,
                                            const process::Identity& identity,
                                            process::OutputPart part);
    Result<Descriptors> open_streams(Source source);
    Result<UniqueFd> open_pipe(const Source& source, std::uint64_t& id);

    Log& log_;
    const Customs& customs_;
    Settings settings_;
    std::optional<process::OutputFolder> folder_;
    std::unique_ptr<Streams> streams_;  // dies before the words
    std::unique_ptr<OutputWatch> watch_;
};

// Its lines, or those at its two ends.
void log_output(Log& log, const crontab::Entry& entry, const engine::RunKey& run,
                const OutputFiles& files);

}  // namespace cron::daemon
