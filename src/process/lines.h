// The output of a run line by line as it comes, through a pipe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::process {

inline constexpr std::size_t kOutputLineBytesMax = 16U << 10;

// Cuts bytes into lines, without their newline. A line with more than `line_bytes_max` comes in
// pieces of so much. Pure.
class LineSplitter {
  public:
    explicit LineSplitter(std::size_t line_bytes_max = kOutputLineBytesMax)
        : line_bytes_max_(line_bytes_max) {}

    // The lines that `bytes` complete.
    std::vector<std::string> add(std::string_view bytes);
    // What was left without a newline at the end; none if there is nothing.
    std::optional<std::string> finish();

  private:
    std::size_t line_bytes_max_;
    std::string rest_;
};

struct OutputPipe {
    UniqueFd read_end;   // does not block
    UniqueFd write_end;  // blocks: it is the job's
};

Result<OutputPipe> make_output_pipe();

class LineReader {
  public:
    explicit LineReader(UniqueFd read_end) : read_end_(std::move(read_end)) {}

    struct Lines {
        std::vector<std::string> lines;
        bool drained = false;  // nothing more for now
        bool ended = false;    // nothing more ever: every writer is gone, or reading failed
    };

    int fd() const { return read_end_.get(); }

    // What is there, up to a bound, so that one run cannot keep the loop. Never blocks.
    Lines read();
    // For when nobody reads on: a last line without its newline.
    std::optional<std::string> finish() { return splitter_.finish(); }

  private:
    UniqueFd read_end_;
    LineSplitter splitter_;
};

}  // namespace cron::process
