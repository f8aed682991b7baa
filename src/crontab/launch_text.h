// The values of settings that say what the process of a run is given, as tables write them. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "crontab/policy.h"

namespace cron::crontab {

inline constexpr int kNiceMin = -20;  // the first to get the processor
inline constexpr int kNiceMax = 19;

// Each error is one clause with the value at fault and what would be right.

// A whole number from `min`, which is not below kNiceMin, to kNiceMax.
Result<int> read_nice(std::string_view value, int min);
// idle | best-effort [ ":" 0-7 ] | realtime ":" 0-7
// The last one only with `realtime_allowed`: such a job can keep all others from a disk.
Result<IoPriority> read_io_priority(std::string_view value, bool realtime_allowed);
// 0 to 777, octal, with or without zeros before it.
Result<std::uint32_t> read_umask(std::string_view value);

inline constexpr std::uint64_t kMaxOutputMin = 4U << 10;
inline constexpr std::uint64_t kMaxOutputMax = std::uint64_t{1} << 40;

// A number of bytes from 4K to 1024G, whole; K, M and G are 1024 of the one before.
Result<std::uint64_t> read_max_output(std::string_view value);

inline constexpr std::uint32_t kCpuPercentMax = 100'000;
inline constexpr std::uint64_t kMemoryMin = 1U << 20;
inline constexpr std::uint64_t kMemoryMax = std::uint64_t{1} << 50;
inline constexpr std::uint32_t kPidsMax = 1U << 22;  // as many as Linux can have

// "50%" is half a processor, "200%" two. The sign is needed: some tools count processors.
Result<std::uint32_t> read_cpu_percent(std::string_view value);
// A number of bytes from 1M to 1024T, whole; K, M, G and T are 1024 of the one before.
Result<std::uint64_t> read_memory(std::string_view value);
// From 1 to kPidsMax.
Result<std::uint32_t> read_pids(std::string_view value);

}  // namespace cron::crontab
