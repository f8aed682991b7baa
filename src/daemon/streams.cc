#include "daemon/streams.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "daemon/clock.h"
#include "daemon/transport.h"

namespace cron::daemon {
namespace {

constexpr std::size_t kBatchBytes = 64U << 10;  // what a pipe takes at once
constexpr std::chrono::seconds kLastWait{1};    // at the end, for whoever reads our output

}  // namespace

Result<std::unique_ptr<Streams>> Streams::create(EventLoop& loop, Log& log, const Ends& ends) {
    UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer) return system_failure(errno, "timerfd_create", "");
    std::unique_ptr<Streams> streams(new Streams(loop, log, ends, std::move(timer)));
    auto watch = loop.add(streams->timer_.get(), EPOLLIN,
                          [self = streams.get()](std::uint32_t) { self->on_timer(); });
    if (!watch) return tl::unexpected(watch.error());
    streams->timer_watch_ = *std::move(watch);
    return streams;
}

Streams::Streams(EventLoop& loop, Log& log, const Ends& ends, UniqueFd timer)
    : loop_(loop), log_(log), timer_(std::move(timer)) {
    output_ = &open_outlet(ends.output, ends.patience);
    const bool is_one = is_same_stream(ends.output, ends.error);
    error_ = is_one ? output_ : &open_outlet(ends.error, ends.patience);
}

Streams::~Streams() {
    for (const auto& outlet : outlets_) outlet->outbox().on_room(nullptr);
}

Outlet& Streams::open_outlet(int fd, microseconds patience) {
    Outbox* outbox = log_.outbox_of(fd);
    if (outbox == nullptr) {
        own_outboxes_.push_back(std::make_unique<Outbox>(open_stream(fd)));
        outbox = own_outboxes_.back().get();
        outbox->attach(loop_);
    }
    outlets_.push_back(std::make_unique<Outlet>(*outbox, patience));
    Outlet& outlet = *outlets_.back();
    outbox->on_room([this, &outlet] { look(outlet); });
    return outlet;
}

Result<Streams::Opened> Streams::open(SourceLines lines, OutputName name, bool is_counted) {
    Result<process::OutputPipe> ends = process::make_output_pipe();
    if (!ends) return tl::unexpected(ends.error());
    Pipe pipe(std::move(name), outlet_of(lines.to), std::move(lines.writer),
              std::move(ends->read_end));
    pipe.is_counted = is_counted;
    const std::uint64_t id = ++last_id_;
    if (auto watched = watch(id, pipe); !watched) return tl::unexpected(watched.error());
    pipes_.emplace(id, std::move(pipe));
    return Opened{std::move(ends->write_end), id};
}

Streams::Count Streams::take_count(std::uint64_t id) {
    const auto found = pipes_.find(id);
    if (found == pipes_.end()) {
        const auto ended = ended_.extract(id);
        return ended ? ended.mapped() : Count{};
    }
    Pipe& pipe = found->second;
    read_waiting(pipe);
    pipe.is_counted = false;
    const Count count{pipe.reader.bytes() + pipe.reader.waiting_bytes(), pipe.dropped_bytes};
    if (pipe.is_over()) close(found);
    return count;
}

void Streams::say(Told told) {
    Outlet& outlet = outlet_of(told.to);
    outlet.write(std::move(told.text), 1);
    look(outlet);
}

// ---- from pipes ----

Result<void> Streams::watch(std::uint64_t id, Pipe& pipe) {
    Result<EventLoop::Watch> watch =
        loop_.add(pipe.reader.fd(), EPOLLIN, [this, id](std::uint32_t) { on_readable(id); });
    if (!watch) return tl::unexpected(watch.error());
    pipe.watch = *std::move(watch);
    return {};
}

// One read, so that a job that floods keeps neither the others nor the timers.
void Streams::on_readable(std::uint64_t id) {
    const auto found = pipes_.find(id);
    Pipe& pipe = found->second;
    look(*pipe.outlet);
    read(pipe);
    if (pipe.outlet->is_held()) pipe.watch.reset();
    if (pipe.is_over()) close(found);
}

// Nothing where it would have to wait for room.
void Streams::read(Pipe& pipe) {
    if (pipe.outlet->is_held() || pipe.has_ended) return;
    pipe.has_ended = pipe.reader.read() == process::LineReader::Got::end;
    forward(pipe);
}

// What is there now, and no more: whoever goes on writing does not keep us.
void Streams::read_waiting(Pipe& pipe) {
    const std::uint64_t all = pipe.reader.bytes() + pipe.reader.waiting_bytes();
    // Less comes where somebody else reads from the pipe, be it the job itself.
    std::uint64_t before = all;
    while (pipe.reader.bytes() < all && pipe.reader.bytes() != before) {
        before = pipe.reader.bytes();
        read(pipe);
    }
    read(pipe);  // its end, where nobody writes any more
}

void Streams::forward(Pipe& pipe) {
    Outlet& outlet = *pipe.outlet;
    const Instant now = read_clock().instant;
    std::string text;
    std::uint64_t lines = 0;
    const auto write = [&] {
        if (!text.empty()) outlet.write(std::exchange(text, {}), std::exchange(lines, 0));
        look(outlet);
    };
    pipe.has_lines = true;
    while (!outlet.is_held()) {
        const auto line = pipe.reader.next();
        pipe.has_lines = line.has_value();
        if (!line) break;
        if (!outlet.is_open()) {
            pipe.drop(*line);
            continue;
        }
        if (!pipe.gap.is_empty()) tell_gap(pipe, text, now);
        pipe.writer->append(text, *line, now);
        lines += line->is_last ? 1 : 0;
        if (text.size() >= kBatchBytes) write();
    }
    write();
}

void Streams::Pipe::drop(const process::OutputLine& line) {
    const std::uint64_t bytes = line.text.size() + (line.has_newline ? 1 : 0);
    gap.lines += line.is_last ? 1 : 0;
    gap.bytes += bytes;
    dropped_bytes += bytes;
}

void Streams::close(Pipes::iterator found) {
    Pipe& pipe = found->second;
    if (pipe.is_counted && pipe.reader.bytes() > 0) {
        ended_.emplace(found->first, Count{pipe.reader.bytes(), pipe.dropped_bytes});
    }
    const bool is_told_later = pipe.outlet->tells_gaps() && past_gaps_.size() < kGapsMax;
    if (!pipe.gap.is_empty() && !is_told_later) write(output_dropped(pipe.name, pipe.gap));
    if (!pipe.gap.is_empty() && is_told_later) {
        pipe.watch.reset();
        pipe.reader = process::LineReader(UniqueFd());
        past_gaps_.push_back(std::move(pipe));
    }
    pipes_.erase(found);
}

// ---- to our reader ----

void Streams::look(Outlet& outlet) {
    const Outlet::State before = outlet.state();
    const Now now = read_clock();
    const microseconds time = now.monotonic - outlet.since();
    if (!outlet.look(now.monotonic)) return;
    is_resuming_ = is_resuming_ || !outlet.is_held();
    arm();
    const Stream stream = &outlet == output_ ? Stream::output : Stream::error;
    if (outlet.state() == Outlet::State::stuck) {
        write(output_stuck(stream, outlet.outbox().unsent_bytes()));
    } else if (outlet.state() == Outlet::State::closed && !outlet.is_retry()) {
        write(output_closed(stream, outlet.outbox().problem()->message, outlet.lost_lines(),
                            outlet.lost_bytes()));
        outlet.forget_lost();
    } else if (before == Outlet::State::stuck) {
        write(output_flows(stream, time, outlet.lost_lines()));
        outlet.forget_lost();
    }
}

// In the stream, where the lines are missing; or in the log, where the stream cannot have it.
void Streams::tell_gap(Pipe& pipe, std::string& text, Instant now) {
    const std::size_t before = text.size();
    if (pipe.outlet->tells_gaps()) pipe.writer->append_gap(text, pipe.gap, now);
    if (text.size() == before) write(output_dropped(pipe.name, pipe.gap));
    pipe.gap = {};
}

// There is room again, or what comes is dropped. Not from within look(), which may come of a line
// that is just being written.
void Streams::resume() {
    const Instant now = read_clock().instant;
    const auto is_told = [&](Pipe& pipe) {
        if (!pipe.outlet->is_open()) return false;
        std::string text;
        tell_gap(pipe, text, now);
        if (!text.empty()) pipe.outlet->write(std::move(text), 1);
        return true;
    };
    past_gaps_.erase(std::remove_if(past_gaps_.begin(), past_gaps_.end(), is_told),
                     past_gaps_.end());
    for (auto next = pipes_.begin(); next != pipes_.end();) {
        const auto at = next++;
        Pipe& pipe = at->second;
        if (pipe.outlet->is_held()) continue;
        if (!pipe.gap.is_empty()) static_cast<void>(is_told(pipe));
        forward(pipe);
        if (pipe.is_over()) {
            close(at);
        } else if (!pipe.watch && !pipe.outlet->is_held()) {
            // One that cannot be watched now is tried again when there is room the next time.
            static_cast<void>(watch(at->first, pipe));
        }
    }
}

void Streams::arm() {
    std::optional<Monotonic> next;
    for (const auto& outlet : outlets_) {
        const auto deadline = outlet->deadline();
        if (deadline) next = std::min(*deadline, next.value_or(*deadline));
    }
    microseconds wait{0};  // disarms
    if (next) wait = std::max(*next - read_clock().monotonic, microseconds{1});
    if (is_resuming_) wait = microseconds{1};
    itimerspec time{};
    time.it_value.tv_sec = std::chrono::floor<seconds>(wait).count();
    time.it_value.tv_nsec = (wait % seconds{1}).count() * 1'000;
    ::timerfd_settime(timer_.get(), 0, &time, nullptr);
}

void Streams::on_timer() {
    std::uint64_t count = 0;
    if (::read(timer_.get(), &count, sizeof count) < 0) return;
    for (const auto& outlet : outlets_) look(*outlet);
    if (std::exchange(is_resuming_, false)) resume();
    arm();
}

void Streams::finish() {
    const Monotonic end = read_clock().monotonic + kLastWait;
    const auto flush = [&] {
        for (const auto& outlet : outlets_) {
            const microseconds left = end - read_clock().monotonic;
            outlet->outbox().finish(std::chrono::floor<std::chrono::milliseconds>(left));
            look(*outlet);
            outlet->give_up();
        }
    };
    flush();
    for (auto& [id, pipe] : pipes_) {
        read_waiting(pipe);
        pipe.outlet->give_up();
        read_waiting(pipe);
        pipe.reader.end();
        forward(pipe);
    }
    resume();
    flush();
    for (const auto& [id, pipe] : pipes_) {
        if (!pipe.gap.is_empty()) write(output_dropped(pipe.name, pipe.gap));
    }
    for (const Pipe& pipe : past_gaps_) write(output_dropped(pipe.name, pipe.gap));
    pipes_.clear();
    past_gaps_.clear();
    tell_unread();
}

// What nobody has read and nobody will.
void Streams::tell_unread() {
    for (const auto& outlet : outlets_) {
        const Outbox& outbox = outlet->outbox();
        const std::uint64_t lines = outlet->lost_lines() + outbox.waiting_lines();
        const std::uint64_t bytes = outlet->lost_bytes() + outbox.unsent_bytes();
        const Stream stream = outlet.get() == output_ ? Stream::output : Stream::error;
        if (lines + bytes > 0) write(output_unread(stream, lines, bytes));
    }
}

void Streams::write(const Record& record) { log_.write(record, read_clock().instant); }

}  // namespace cron::daemon
