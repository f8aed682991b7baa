#include "daemon/run_format.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/facts.h"

namespace cron::daemon {
namespace {

class PrefixWriter : public LineWriter {
  public:
    explicit PrefixWriter(std::string prefix) : prefix_(std::move(prefix)) {}

    void append(std::string& out, const process::OutputLine& line, Instant) override {
        out.append(prefix_).append(line.text).push_back('\n');
    }

    void append_gap(std::string& out, const Gap& gap, Instant) override {
        out += fmt::format("{}{} lines ({} bytes) dropped\n", prefix_, gap.lines, gap.bytes);
    }

  private:
    std::string prefix_;
};

class RawWriter : public LineWriter {
  public:
    void append(std::string& out, const process::OutputLine& line, Instant) override {
        out.append(line.text);
        if (line.has_newline) out.push_back('\n');
    }

    // Nothing but what the job wrote belongs there: the log has it.
    void append_gap(std::string&, const Gap&, Instant) override {}
};

// Runs are told of in the log.
class PrefixFormat : public RunFormat {
  public:
    std::optional<Told> tell(const RunFact&, Instant) override { return std::nullopt; }

    SourceLines lines_of(const Source& source) override {
        return {source.stream,
                std::make_unique<PrefixWriter>(fmt::format("[{}] ", short_name(source.entry)))};
    }
};

class RawFormat : public RunFormat {
  public:
    std::optional<Told> tell(const RunFact&, Instant) override { return std::nullopt; }

    SourceLines lines_of(const Source& source) override {
        return {source.stream, std::make_unique<RawWriter>()};
    }
};

}  // namespace

std::unique_ptr<RunFormat> make_prefix_format() { return std::make_unique<PrefixFormat>(); }

std::unique_ptr<RunFormat> make_raw_format() { return std::make_unique<RawFormat>(); }

}  // namespace cron::daemon
