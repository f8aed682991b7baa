#include "process/lines.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace cron::process {
namespace {

constexpr std::size_t kReadBytesMax = 64U << 10;  // all that a pipe holds

}  // namespace

std::vector<std::string> LineSplitter::add(std::string_view bytes) {
    std::vector<std::string> lines;
    while (!bytes.empty()) {
        const std::size_t room = line_bytes_max_ - rest_.size();
        const std::size_t newline = bytes.find('\n');
        // A line of just the greatest length is one line, so the piece waits for the byte after it.
        if (newline <= room) {
            rest_.append(bytes.substr(0, newline));
            bytes.remove_prefix(newline + 1);
            lines.push_back(std::exchange(rest_, {}));
        } else if (room == 0) {
            lines.push_back(std::exchange(rest_, {}));
        } else {
            const std::size_t taken = std::min(room, bytes.size());
            rest_.append(bytes.substr(0, taken));
            bytes.remove_prefix(taken);
        }
    }
    return lines;
}

std::optional<std::string> LineSplitter::finish() {
    if (rest_.empty()) return std::nullopt;
    return std::exchange(rest_, {});
}

Result<OutputPipe> make_output_pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, "pipe", "");
    OutputPipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    if (fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0)
        return system_failure(errno, "fcntl", "");
    return pipe;
}

LineReader::Lines LineReader::read() {
    Lines result;
    std::array<char, kReadBytesMax> buffer;
    ssize_t bytes = 0;
    do {
        bytes = ::read(read_end_.get(), buffer.data(), buffer.size());
    } while (bytes < 0 && errno == EINTR);
    if (bytes > 0) {
        result.lines = splitter_.add({buffer.data(), static_cast<std::size_t>(bytes)});
        return result;
    }
    result.drained = true;
    result.ended = bytes == 0 || errno != EAGAIN;
    if (!result.ended) return result;
    if (auto last = splitter_.finish()) result.lines.push_back(std::move(*last));
    return result;
}

}  // namespace cron::process
