// Where the output of a run is kept: a file of its user, in a folder that only we can enter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"
#include "engine/run.h"
#include "process/user.h"

namespace cron::process {

// The owner of one name in a folder: removes it when it dies. Not to outlive the folder's
// descriptor.
class OutputName {
  public:
    OutputName() = default;
    OutputName(int folder_fd, std::string name) : folder_fd_(folder_fd), name_(std::move(name)) {}
    OutputName(OutputName&& other) noexcept
        : folder_fd_(std::exchange(other.folder_fd_, -1)), name_(std::move(other.name_)) {}
    OutputName& operator=(OutputName&& other) noexcept {
        std::swap(folder_fd_, other.folder_fd_);
        std::swap(name_, other.name_);
        return *this;
    }
    ~OutputName();

    bool is_none() const { return name_.empty(); }
    const std::string& name() const { return name_; }

    // Nobody removes it any more. Returns it.
    std::string release() {
        folder_fd_ = -1;
        return name_;
    }

  private:
    int folder_fd_ = -1;
    std::string name_;
};

struct OutputText {
    std::string text;
    std::uint64_t total_bytes = 0;  // of the file, more than the text where some was left out
};

// `head` and `tail` of an output of `total_bytes`, whole lines where they have any, and between
// them a line that says how much is not there.
std::string join_ends(std::string_view head, std::string_view tail, std::uint64_t total_bytes);

// What is known of an output beside its descriptor, for a process that goes on with it.
struct OutputState {
    std::string name;  // in the folder; empty: in memory
    std::uint64_t left_out_begin = 0;
    std::uint64_t left_out_end = 0;
};

class OutputFile {
  public:
    // For the standard output and error of the run: opened for append.
    int fd() const { return fd_.get(); }

    // Why the output is in memory and not in the folder; none if it is in the folder.
    const std::optional<Error>& problem() const { return problem_; }
    bool is_in_memory() const { return name_.is_none(); }

    Result<std::uint64_t> size_bytes() const;
    // Whether there is anything in it that was written since the last forget_writes(): a job may
    // empty its file and write as much again.
    bool has_writes() const;
    void forget_writes();

    // Where the output is longer than `bytes_max`, takes out of the file what is neither in its
    // first nor in its last half of so much; what is left stays where it is. For a file that grows,
    // to be called again and again. Returns its size, with what was taken out.
    Result<std::uint64_t> keep_within(std::uint64_t bytes_max);
    // What keep_within(bytes_max) has taken out of a file that was opened again.
    void find_left_out(std::uint64_t bytes_max);
    // The same file by a descriptor of its own. The name stays with this one.
    Result<OutputFile> duplicate() const;
    // Of the output, for good.
    std::uint64_t left_out_bytes() const { return left_out_end_ - left_out_begin_; }

    // The file stays when this dies. Returns its name in the folder; empty if it is in memory.
    std::string keep() { return name_.release(); }

    OutputState state() const { return {name_.name(), left_out_begin_, left_out_end_}; }

    // The output so far; of one with more than `bytes_max`, or with less left, its two ends.
    Result<OutputText> read(std::size_t bytes_max) const;

  private:
    friend class OutputFolder;
    OutputFile(UniqueFd fd, OutputName name, std::optional<Error> problem)
        : fd_(std::move(fd)), name_(std::move(name)), problem_(std::move(problem)) {}

    UniqueFd fd_;
    OutputName name_;
    std::optional<Error> problem_;
    // What keep_within() has taken out: a hole, that nobody needs to read.
    std::uint64_t left_out_begin_ = 0;
    std::uint64_t left_out_end_ = 0;
};

// Of the files that a run may have: its output, but for its standard error where that is apart;
// the output of what follows its end; and, not its user's, how its session has ended.
enum class OutputPart { all, errors, hook, session };

class SessionFile;

class OutputFolder {
  public:
    // Makes the folder if it is missing (not those above it), for its owner alone. One that belongs
    // to somebody else is denied.
    static Result<OutputFolder> open(const std::string& path);
    // No folder: every file is in memory.
    static OutputFolder in_memory() { return OutputFolder(UniqueFd(), 0, {}); }

    // What others left in the folder.
    struct Left {
        std::size_t files = 0;
        std::uint64_t bytes = 0;
    };
    Left left_behind() const;

    // With the number of a run the name of its file, in this daemon's life.
    std::uint64_t tag() const { return tag_; }
    // The file of a run of another daemon's life, which is removed when the OutputFile dies.
    Result<OutputFile> reopen(std::uint64_t tag, engine::RunNumber run,
                              OutputPart part = OutputPart::all) const;

    // The same file in a process that has its descriptor from before, which owns the name.
    OutputFile take_over(UniqueFd fd, const OutputState& state) const;

    // A file for the output of `run`, removed when the OutputFile dies; the folder must live
    // longer. With no room for it, a file in memory: the run must not fail for that. Fails without
    // memory.
    Result<OutputFile> create(engine::RunNumber run, const Identity& owner,
                              OutputPart part = OutputPart::all) const;

    // Likewise for what its session leaves.
    Result<SessionFile> create_session(engine::RunNumber run) const;
    std::optional<SessionFile> reopen_session(std::uint64_t tag, engine::RunNumber run) const;

  private:
    OutputFolder(UniqueFd fd, std::uint64_t tag, std::string path)
        : fd_(std::move(fd)), tag_(tag), path_(std::move(path)) {}

    Result<OutputFile> create_in_folder(const std::string& name, const Identity& owner) const;

    UniqueFd fd_;
    std::uint64_t tag_ = 0;  // run numbers begin again with each daemon, and jobs outlive daemons
    std::string path_;
};

}  // namespace cron::process
