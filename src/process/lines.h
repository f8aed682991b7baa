// The output of a run line by line as it comes, through a pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::process {

// What of a line comes at once. With all that a format puts around it, it stays below the 16 KiB
// above which collectors of containers' logs part a line for their part.
inline constexpr std::size_t kPieceBytesMax = 8U << 10;

// A line, or a piece of one that is longer than kPieceBytesMax.
struct OutputLine {
    std::string_view text;    // without the newline
    std::uint64_t piece = 1;  // of its line
    bool is_last = true;      // of its line
    bool has_newline = true;  // false: more of the line comes, or the output ended within it

    bool is_whole() const { return piece == 1 && is_last; }
};

// Cuts bytes into lines, and long ones into pieces: not within a character of UTF-8. Holds less
// than a piece and what add() brought. Pure.
class LineSplitter {
  public:
    explicit LineSplitter(std::size_t piece_bytes_max = kPieceBytesMax)
        : piece_bytes_max_(piece_bytes_max) {}

    void add(std::string_view bytes);
    // Nothing is added any more: what is left is a line without its newline.
    void end() { has_ended_ = true; }
    // The next line or piece that is there; its text lives until the next call of add(). What
    // follows a piece is known, so none of a line's is called the last that is not.
    std::optional<OutputLine> next();
    // That next() has not given yet.
    std::size_t waiting_bytes() const { return bytes_.size() - begin_; }

  private:
    std::size_t piece_bytes_max_;
    std::string bytes_;
    std::size_t begin_ = 0;     // of what next() has not given
    std::uint64_t pieces_ = 0;  // of the present line, given already
    bool has_ended_ = false;
};

struct OutputPipe {
    UniqueFd read_end;   // does not block
    UniqueFd write_end;  // blocks: it is the job's
};

Result<OutputPipe> make_output_pipe();

// So much of one pipe is read at once: others, and the timers, have their turn in between.
inline constexpr std::size_t kReadBytesMax = 16U << 10;

class LineReader {
  public:
    explicit LineReader(UniqueFd read_end) : read_end_(std::move(read_end)) {}

    enum class Got { bytes, nothing, end };  // end: every writer is gone, or reading failed

    int fd() const { return read_end_.get(); }

    // Reads what is there, up to kReadBytesMax. Never blocks.
    Got read();
    // As LineSplitter has it.
    std::optional<OutputLine> next() { return splitter_.next(); }
    // For when nobody reads on: a last line without its newline.
    void end() { splitter_.end(); }
    // That were read.
    std::uint64_t bytes() const { return bytes_; }
    // That the pipe holds and were not read.
    std::uint64_t waiting_bytes() const;

  private:
    UniqueFd read_end_;
    LineSplitter splitter_;
    std::uint64_t bytes_ = 0;
};

}  // namespace cron::process
