#include "daemon/streams.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "daemon/transport.h"

namespace cron::daemon {
namespace {

constexpr int kLastReads = 64;  // of a stream at the end: what still writes may write for ever
constexpr std::chrono::seconds kLastWait{2};  // at the end, for whoever reads our output

}  // namespace

Streams::Streams(EventLoop& loop)
    : loop_(loop), stdout_(open_stream(STDOUT_FILENO)), stderr_(open_stream(STDERR_FILENO)) {
    for (Outbox* outbox : {&stdout_, &stderr_}) {
        outbox->attach(loop);
        outbox->on_room([this] { resume(); });
    }
}

Result<Streams::Opened> Streams::open(std::string prefix, bool is_error, bool is_asked_for) {
    Result<process::OutputPipe> pipe = process::make_output_pipe();
    if (!pipe) return tl::unexpected(pipe.error());
    const std::uint64_t id = ++last_id_;
    Stream stream{std::move(prefix),
                  is_error,
                  is_asked_for,
                  false,
                  process::LineReader(std::move(pipe->read_end)),
                  {}};
    if (auto watched = watch(id, stream); !watched) return tl::unexpected(watched.error());
    streams_.emplace(id, std::move(stream));
    return Opened{std::move(pipe->write_end), id};
}

bool Streams::take_wrote(std::uint64_t id) {
    if (ended_with_output_.erase(id) > 0) return true;
    const auto found = streams_.find(id);
    if (found == streams_.end()) return false;
    found->second.is_asked_for = false;
    int waiting_bytes = 0;
    ::ioctl(found->second.reader.fd(), FIONREAD, &waiting_bytes);
    return found->second.has_read || waiting_bytes > 0;
}

Result<void> Streams::watch(std::uint64_t id, Stream& stream) {
    Result<EventLoop::Watch> watch =
        loop_.add(stream.reader.fd(), EPOLLIN, [this, id](std::uint32_t) { read(id); });
    if (!watch) return tl::unexpected(watch.error());
    stream.watch = *std::move(watch);
    return {};
}

void Streams::read(std::uint64_t id) {
    Stream& stream = streams_.at(id);
    if (!outbox_of(stream).has_room()) {
        stream.watch.reset();
        return;
    }
    const process::LineReader::Lines lines = stream.reader.read();
    for (const std::string& line : lines.lines) print(stream, line);
    stream.has_read = stream.has_read || !lines.drained;
    if (!lines.ended) return;
    if (const auto rest = stream.reader.finish()) print(stream, *rest);
    if (stream.is_asked_for && stream.has_read) ended_with_output_.insert(id);
    streams_.erase(id);
}

void Streams::resume() {
    for (auto& [id, stream] : streams_) {
        // A stream that cannot be watched now is tried again when there is room the next time.
        if (!stream.watch && outbox_of(stream).has_room()) static_cast<void>(watch(id, stream));
    }
}

void Streams::print(const Stream& stream, std::string_view line) {
    outbox_of(stream).push(fmt::format("{}{}\n", stream.prefix, line));
}

void Streams::finish() {
    for (auto& [id, stream] : streams_) {
        process::LineReader::Lines lines;
        for (int i = 0; i < kLastReads && !lines.drained && !lines.ended; ++i) {
            lines = stream.reader.read();
            for (const std::string& line : lines.lines) print(stream, line);
        }
        if (const auto rest = stream.reader.finish()) print(stream, *rest);
    }
    streams_.clear();
    stdout_.finish(kLastWait);
    stderr_.finish(kLastWait);
}

}  // namespace cron::daemon
