#include "process/lines.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/text.h"

namespace cron::process {
namespace {

// So many bytes behind a cut tell whether it parts a character of UTF-8.
constexpr std::size_t kLookAhead = 3;

}  // namespace

void LineSplitter::add(std::string_view bytes) {
    // What many streams hold between two reads is little.
    bytes_ = bytes_.substr(begin_);
    begin_ = 0;
    bytes_.append(bytes);
}

std::optional<OutputLine> LineSplitter::next() {
    const std::string_view left = std::string_view(bytes_).substr(begin_);
    const std::string_view seen = left.substr(0, piece_bytes_max_ + 1 + kLookAhead);
    const std::size_t newline = seen.find('\n');
    OutputLine line;
    line.piece = pieces_ + 1;
    if (newline <= piece_bytes_max_) {
        line.text = left.substr(0, newline);
        begin_ += newline + 1;
        pieces_ = 0;
        return line;
    }
    line.has_newline = false;
    const bool is_enough = newline != std::string_view::npos || has_ended_ ||
                           seen.size() > piece_bytes_max_ + kLookAhead;
    if (!is_enough || left.empty()) return std::nullopt;
    line.is_last = left.size() <= piece_bytes_max_;
    line.text = left.substr(0, cut_before(left, piece_bytes_max_));
    begin_ += line.text.size();
    pieces_ = line.is_last ? 0 : pieces_ + 1;
    return line;
}

Result<OutputPipe> make_output_pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) return system_failure(errno, "pipe", "");
    OutputPipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    if (fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0)
        return system_failure(errno, "fcntl", "");
    return pipe;
}

LineReader::Got LineReader::read() {
    std::array<char, kReadBytesMax> buffer;
    ssize_t bytes = 0;
    do {
        bytes = ::read(read_end_.get(), buffer.data(), buffer.size());
    } while (bytes < 0 && errno == EINTR);
    if (bytes > 0) {
        bytes_ += static_cast<std::uint64_t>(bytes);
        splitter_.add({buffer.data(), static_cast<std::size_t>(bytes)});
        return Got::bytes;
    }
    if (bytes < 0 && errno == EAGAIN) return Got::nothing;
    splitter_.end();
    return Got::end;
}

std::uint64_t LineReader::waiting_bytes() const {
    int bytes = 0;
    return ::ioctl(read_end_.get(), FIONREAD, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace cron::process
