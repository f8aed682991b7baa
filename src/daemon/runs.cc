#include "daemon/runs.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/transport.h"
#include "process/input.h"

namespace cron::daemon {
namespace {

// Between two turns of the loop, so that a burst does not keep it from signals and ends.
constexpr int kStartsPerTurn = 16;
constexpr int kFlushReads = 64;

}  // namespace

Runs::Runs(EventLoop& loop, Accounts& accounts, process::Launcher& launcher, Log& log,
           Settings settings, Happened happened)
    : loop_(loop),
      accounts_(accounts),
      launcher_(launcher),
      log_(log),
      settings_(std::move(settings)),
      happened_(std::move(happened)),
      stdout_(open_stream(STDOUT_FILENO)),
      stderr_(open_stream(STDERR_FILENO)) {}

Result<std::unique_ptr<Runs>> Runs::create(EventLoop& loop, Accounts& accounts,
                                           process::Launcher& launcher, Log& log, Settings settings,
                                           Happened happened) {
    std::unique_ptr<Runs> runs(
        new Runs(loop, accounts, launcher, log, std::move(settings), std::move(happened)));
    runs->stdout_.attach(loop);
    runs->stderr_.attach(loop);
    if (runs->settings_.output == OutputFormat::mail) {
        Result<process::OutputFolder> folder =
            process::OutputFolder::open(runs->settings_.output_folder);
        if (!folder) return tl::unexpected(folder.error());
        runs->folder_ = *std::move(folder);
    }
    runs->start_bell_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!runs->start_bell_) return system_failure(errno, "eventfd", "");
    Result<EventLoop::Watch> watch =
        loop.add(runs->start_bell_.get(), EPOLLIN,
                 [self = runs.get()](std::uint32_t) { self->start_next(); });
    if (!watch) return tl::unexpected(watch.error());
    runs->start_watch_ = *std::move(watch);
    return runs;
}

void Runs::prepare(const std::string& user) {
    if (!settings_.caller) accounts_.prepare(user);
}

void Runs::start(const engine::Spawn& spawn) {
    if (to_start_.empty()) ::eventfd_write(start_bell_.get(), 1);
    to_start_.push_back(spawn);
}

void Runs::start_next() {
    for (int i = 0; i < kStartsPerTurn && !to_start_.empty(); ++i) {
        const engine::Spawn spawn = std::move(to_start_.front());
        to_start_.pop_front();
        if (settings_.caller) {
            start_as(spawn, *settings_.caller);
        } else {
            accounts_.find(spawn.entry->user,
                           [this, spawn](const auto& who) { start_as(spawn, who); });
        }
    }
    eventfd_t count = 0;
    if (to_start_.empty()) ::eventfd_read(start_bell_.get(), &count);
}

void Runs::start_as(const engine::Spawn& spawn, const Result<process::Identity>& identity) {
    if (!identity) {
        // A user who does not exist will not be there in a second; a directory that is down may.
        const bool is_temporary = identity.error().code != ErrorCode::not_found;
        fail(spawn.run, {"user " + spawn.entry->user + " is not known", ENOENT}, is_temporary);
        return;
    }
    Live live;
    live.spawn = spawn;
    live.remains.identity = *identity;
    live.remains.environment = process::build_environment(*spawn.entry->environment, *identity);
    Result<Descriptors> descriptors = open_descriptors(live);
    if (!descriptors) {
        fail(spawn.run, {descriptors.error().message, descriptors.error().system_errno}, true);
        return;
    }
    process::LaunchOrder order;
    order.arguments =
        process::shell_arguments(live.remains.environment.shell, spawn.entry->command);
    order.environment = live.remains.environment.variables;
    order.identity = *identity;
    order.change_user = !settings_.caller && (::geteuid() == 0 || identity->uid != ::geteuid());
    order.home = live.remains.environment.home;
    order.input_fd = descriptors->input;
    order.output_fd = descriptors->output;
    order.error_fd = descriptors->error;
    auto child = launcher_.launch(order);
    if (!child) {
        fail(spawn.run, child.error().error, child.error().temporary);
        return;
    }
    live.child = *std::move(child);
    log_.write(run_started(spawn, live.child.pid, read_clock().instant), read_clock().instant);
    const auto [place, is_new] = live_.insert_or_assign(spawn.run, std::move(live));
    watch(place->second);
    happened_(engine::Launched{spawn.run, place->second.child.pid});
}

Result<Runs::Descriptors> Runs::open_descriptors(Live& live) {
    Descriptors opened;
    if (!live.spawn.entry->input.empty()) {
        Result<UniqueFd> input = process::make_input(live.spawn.entry->input);
        if (!input) return tl::unexpected(input.error());
        opened.input_owner = *std::move(input);
        opened.input = opened.input_owner.get();
    }
    switch (settings_.output) {
        case OutputFormat::mail: {
            Result<process::OutputFile> file =
                folder_->create(live.spawn.run, live.remains.identity);
            if (!file) return tl::unexpected(file.error());
            if (file->problem()) {
                log_.write(said(Level::warning, "output-in-memory", file->problem()->message),
                           read_clock().instant);
            }
            live.remains.output = *std::move(file);
            opened.output = opened.error = live.remains.output->fd();
            break;
        }
        case OutputFormat::prefix: {
            Result<UniqueFd> output = open_stream_of(live.spawn, false);
            if (!output) return tl::unexpected(output.error());
            Result<UniqueFd> error = open_stream_of(live.spawn, true);
            if (!error) return tl::unexpected(error.error());
            opened.output_owner = *std::move(output);
            opened.error_owner = *std::move(error);
            opened.output = opened.output_owner.get();
            opened.error = opened.error_owner.get();
            break;
        }
        case OutputFormat::raw:
            opened.output = STDOUT_FILENO;
            opened.error = STDERR_FILENO;
            break;
    }
    return opened;
}

Result<UniqueFd> Runs::open_stream_of(const engine::Spawn& spawn, bool is_error) {
    Result<process::OutputPipe> pipe = process::make_output_pipe();
    if (!pipe) return tl::unexpected(pipe.error());
    const std::uint64_t id = ++last_stream_;
    Stream stream{fmt::format("[{}] ", short_name(*spawn.entry)),
                  is_error,
                  process::LineReader(std::move(pipe->read_end)),
                  {}};
    Result<EventLoop::Watch> watch =
        loop_.add(stream.reader.fd(), EPOLLIN, [this, id](std::uint32_t) { read_stream(id); });
    if (!watch) return tl::unexpected(watch.error());
    stream.watch = *std::move(watch);
    streams_.emplace(id, std::move(stream));
    return std::move(pipe->write_end);
}

void Runs::watch(Live& live) {
    const engine::RunNumber run = live.spawn.run;
    auto report = loop_.add(live.child.report.get(), EPOLLIN,
                            [this, run](std::uint32_t) { read_report(run); });
    auto end =
        loop_.add(live.child.pidfd.get(), EPOLLIN, [this, run](std::uint32_t) { collect(run); });
    // Without memory for a watch the end would never be known: there is no going on from that.
    CRON_CHECK(report && end);
    live.report_watch = *std::move(report);
    live.end_watch = *std::move(end);
}

void Runs::read_report(engine::RunNumber run) {
    Live& live = live_.at(run);
    if (live.report_done) return;
    const process::Report report = process::read_report(live.child.report.get());
    if (report.home_error) {
        log_.write(home_replaced(live.spawn, *report.home_error, live.child.pid),
                   read_clock().instant);
    }
    if (report.state == process::Report::State::pending) return;
    if (report.state == process::Report::State::failed) live.failure = report.failure;
    live.report_done = true;
    live.report_watch.reset();
    live.child.report.reset();
}

void Runs::collect(engine::RunNumber run) {
    Live& live = live_.at(run);
    const Result<std::optional<process::Ended>> ended = process::reap(live.child.pidfd.get());
    if (ended && !*ended) return;
    read_report(run);  // what it said last
    live.ended = true;
    live.end_watch.reset();
    live.report_watch.reset();
    live.child.report.reset();
    live.child.pidfd.reset();
    if (live.failure) {
        const process::LaunchFailure failure = *live.failure;
        live_.erase(run);
        happened_(engine::LaunchFailed{run, failure.error, failure.temporary});
    } else if (ended) {
        happened_(engine::Exited{run, (*ended)->status, (*ended)->usage});
    } else {
        live_.erase(run);
        happened_(
            engine::LaunchFailed{run, {ended.error().message, ended.error().system_errno}, false});
    }
}

void Runs::signal(const engine::Signal& order) {
    const auto found = live_.find(order.run);
    if (found == live_.end() || found->second.ended) return;
    const Result<void> sent = process::signal_group(found->second.child, order.signal);
    if (!sent) {
        log_.write(said(Level::error, "signal-failed", sent.error().message), read_clock().instant);
    }
}

int Runs::pid_of(engine::RunNumber run) const {
    const auto found = live_.find(run);
    return found == live_.end() ? 0 : found->second.child.pid;
}

std::optional<Remains> Runs::take(engine::RunNumber run) {
    auto found = live_.extract(run);
    if (found.empty()) return std::nullopt;
    CRON_CHECK(found.mapped().ended);
    return std::move(found.mapped().remains);
}

void Runs::read_stream(std::uint64_t id) {
    Stream& stream = streams_.at(id);
    const process::LineReader::Lines lines = stream.reader.read();
    for (const std::string& line : lines.lines) print(stream, line);
    if (!lines.ended) return;
    if (const auto rest = stream.reader.finish()) print(stream, *rest);
    streams_.erase(id);
}

void Runs::print(const Stream& stream, std::string_view line) {
    (stream.is_error ? stderr_ : stdout_).push(fmt::format("{}{}\n", stream.prefix, line));
}

void Runs::flush() {
    for (auto& [id, stream] : streams_) {
        process::LineReader::Lines lines;
        // Bounded: what still writes may write for ever.
        for (int i = 0; i < kFlushReads && !lines.drained && !lines.ended; ++i) {
            lines = stream.reader.read();
            for (const std::string& line : lines.lines) print(stream, line);
        }
        if (const auto rest = stream.reader.finish()) print(stream, *rest);
    }
    streams_.clear();
    stdout_.flush();
    stderr_.flush();
}

void Runs::fail(engine::RunNumber run, const engine::LaunchError& error, bool temporary) {
    happened_(engine::LaunchFailed{run, error, temporary});
}

}  // namespace cron::daemon
