// What a daemon tells the one that it becomes: its descriptors, and what each of them is. Pure.
// docs/upgrade.md has the format.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/run.h"
#include "process/output.h"

namespace cron::daemon {

inline constexpr std::uint64_t kHandoverFormat = 1;
inline constexpr std::size_t kHandoverBytesMax = 64U << 20;

// What runs have printed; descriptors are borrowed.
struct HandedOutput {
    int fd = -1;
    process::OutputState state;
};
struct HandedOutputs {
    HandedOutput all;
    std::optional<HandedOutput> errors;
};

// The process of a run, which is our child and not collected.
struct HandedRun {
    int pid = 0;
    std::uint64_t process_start = 0;
    int pidfd = -1;
    int report = -1;                   // -1: the job was executed
    int session = -1;                  // of a SessionFile; -1: it has no session
    std::optional<Monotonic> kill_at;  // it was told to end
    std::optional<HandedOutputs> output;
};

// A run that is tried again, with what it printed so far.
struct HandedRetry {
    engine::RunKey key;
    HandedOutputs output;
};

// A process whose end is told and which is not collected, until what is left of its group is
// killed.
struct HandedRemnant {
    int pid = 0;
    int pidfd = -1;
    Monotonic kill_at{};
};

// The control group of a run that is over.
struct HandedGroup {
    std::string path;
    Monotonic kill_at{};
};

struct Handover {
    // These every daemon reads, whatever the format.
    std::uint64_t format = kHandoverFormat;
    std::string version;  // of who hands over
    int pid = 0;
    std::uint64_t process_start = 0;
    std::uint64_t descriptors_soft = 0;  // the limit that jobs get; 0: not known
    std::uint64_t descriptors_hard = 0;
    std::string directory;                   // in which the command line is read
    std::map<std::string, int> descriptors;  // by name: locks, sockets

    // These only who knows the format.
    std::vector<HandedRun> runs;
    std::vector<HandedRetry> retries;
    std::vector<HandedRemnant> remnants;
    std::vector<HandedGroup> groups;

    bool is_known() const { return format <= kHandoverFormat; }
    // All of them.
    std::vector<int> numbers() const;
};

std::string print(const Handover& handover);

// Of a newer format only what every daemon reads. An error: it is damaged.
Result<Handover> parse_handover(std::string_view text);

}  // namespace cron::daemon
