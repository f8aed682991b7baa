#include "daemon/outputs.h"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "daemon/mail_facts.h"
#include "daemon/run_json.h"
#include "daemon/run_records.h"

namespace cron::daemon {

using process::OutputPart;

namespace {

// A job opens them anew as /dev/stdout and /dev/stderr. Where they cannot be given it only writes.
Result<Outputs::Descriptors> give_to(const process::Identity& identity,
                                     Result<Outputs::Descriptors> opened) {
    if (!opened || ::geteuid() != 0) return opened;
    for (const UniqueFd* end : {&opened->own_output, &opened->own_error}) {
        if (*end && ::fchown(end->get(), identity.uid, identity.gid) != 0) break;
    }
    return opened;
}

}  // namespace

namespace {

std::unique_ptr<RunFormat> words_of(OutputFormat format) {
    switch (format) {
        case OutputFormat::json:
            return make_json_format();
        case OutputFormat::prefix:
            return make_prefix_format();
        case OutputFormat::mail:
        case OutputFormat::raw:
            break;
    }
    return make_raw_format();
}

}  // namespace

Result<std::uint64_t> OutputFiles::size_bytes() const {
    auto size = all.size_bytes();
    if (!size || !errors) return size;
    const auto more = errors->size_bytes();
    if (!more) return more;
    return *size + *more;
}

Result<process::OutputText> OutputFiles::read(std::size_t bytes_max) const {
    auto text = all.read(errors ? bytes_max / 2 : bytes_max);
    if (!text || !errors) return text;
    const auto more = errors->read(bytes_max / 2);
    if (!more) return more;
    if (!text->text.empty() && text->text.back() != '\n' && !more->text.empty()) text->text += '\n';
    text->text += more->text;
    text->total_bytes += more->total_bytes;
    return text;
}

engine::Printed OutputFiles::printed() const {
    engine::Printed printed{size_bytes().value_or(0), all.left_out_bytes(), false};
    if (errors) {
        printed.left_out_bytes += errors->left_out_bytes();
        printed.is_failure = errors->has_writes();
    }
    return printed;
}

Result<OutputFiles> OutputFiles::duplicate() const {
    auto same = all.duplicate();
    if (!same) return tl::unexpected(same.error());
    OutputFiles files{*std::move(same), std::nullopt};
    if (!errors) return files;
    auto same_errors = errors->duplicate();
    if (!same_errors) return tl::unexpected(same_errors.error());
    files.errors = *std::move(same_errors);
    return files;
}

HandedOutputs OutputFiles::hand_over() const {
    HandedOutputs handed{{all.fd(), all.state()}, std::nullopt};
    if (errors) handed.errors = HandedOutput{errors->fd(), errors->state()};
    return handed;
}

std::string OutputFiles::keep() {
    if (errors) errors->keep();
    return all.keep();
}

Result<std::unique_ptr<Outputs>> Outputs::create(EventLoop& loop, Log& log, const Customs& customs,
                                                 Settings settings) {
    std::unique_ptr<Outputs> outputs(new Outputs(log, customs, std::move(settings)));
    if (!outputs->settings_.words) outputs->settings_.words = words_of(outputs->settings_.format);
    auto streams = Streams::create(loop, log, {});
    if (!streams) return tl::unexpected(streams.error());
    outputs->streams_ = *std::move(streams);
    if (outputs->settings_.format != OutputFormat::mail) return outputs;
    auto folder = process::OutputFolder::open(outputs->settings_.folder);
    if (!folder && outputs->settings_.may_lack_folder) folder = process::OutputFolder::in_memory();
    if (!folder) return tl::unexpected(folder.error());
    outputs->folder_ = *std::move(folder);
    auto watch = OutputWatch::create(loop);
    if (!watch) return tl::unexpected(watch.error());
    outputs->watch_ = *std::move(watch);
    if (outputs->settings_.is_handed_over) return outputs;
    if (const auto left = outputs->folder_->left_behind(); left.files > 0) {
        log.write(output_left(outputs->settings_.folder, left), read_clock().instant);
    }
    return outputs;
}

Result<Outputs::Descriptors> Outputs::open(const engine::Spawn& spawn,
                                           const process::Identity& identity,
                                           std::optional<OutputFiles>& files) {
    const bool is_split = spawn.entry->policy->fails_on_stderr;
    if (settings_.format != OutputFormat::mail) {
        return give_to(identity, open_streams({*spawn.entry, spawn.key, spawn.attempt}));
    }
    if (!files) {
        auto all = create_file(spawn.run, identity, OutputPart::all);
        if (!all) return tl::unexpected(all.error());
        OutputFiles made{*std::move(all), std::nullopt};
        if (is_split) {
            auto errors = create_file(spawn.run, identity, OutputPart::errors);
            if (!errors) return tl::unexpected(errors.error());
            made.errors = *std::move(errors);
        }
        files = std::move(made);
    }
    if (files->errors) files->errors->forget_writes();  // of the attempts before
    Descriptors opened;
    opened.output = files->all.fd();
    opened.error = files->errors ? files->errors->fd() : opened.output;
    return opened;
}

Result<Outputs::Descriptors> Outputs::open_for_hook(const engine::Deliver& run,
                                                    const process::Identity& identity,
                                                    std::optional<OutputFiles>& files) {
    if (settings_.format != OutputFormat::mail) {
        return give_to(identity, open_streams({*run.entry, run.key, run.attempt, true}));
    }
    auto file = create_file(run.run, identity, OutputPart::hook);
    if (!file) return tl::unexpected(file.error());
    files = OutputFiles{*std::move(file), std::nullopt};
    Descriptors opened;
    opened.output = opened.error = files->all.fd();
    return opened;
}

Result<process::OutputFile> Outputs::create_file(engine::RunNumber run,
                                                 const process::Identity& identity,
                                                 OutputPart part) {
    auto file = folder_->create(run, identity, part);
    if (file && file->problem()) {
        log_.write(said(Level::warning, "output-in-memory", file->problem()->message),
                   read_clock().instant);
    }
    return file;
}

// Raw is a job's own writing to what is ours: a terminal is one for it, and its bytes come in their
// order on both streams. Only where output on stderr is a failure do we have to see it.
Result<Outputs::Descriptors> Outputs::open_streams(Source source) {
    Descriptors opened;
    opened.output = STDOUT_FILENO;
    opened.error = STDERR_FILENO;
    const bool is_raw = settings_.format == OutputFormat::raw;
    if (!is_raw) {
        auto output = open_pipe(source, opened.piped.output);
        if (!output) return tl::unexpected(output.error());
        opened.own_output = *std::move(output);
        opened.output = opened.own_output.get();
    }
    source.stream = Stream::error;
    if (is_raw && (source.is_hook || !source.entry.policy->fails_on_stderr)) return opened;
    auto error = open_pipe(source, opened.piped.error);
    if (!error) return tl::unexpected(error.error());
    opened.own_error = *std::move(error);
    opened.error = opened.own_error.get();
    return opened;
}

Result<UniqueFd> Outputs::open_pipe(const Source& source, std::uint64_t& id) {
    auto opened =
        streams_->open(settings_.words->lines_of(source), name_of(source), !source.is_hook);
    if (!opened) return tl::unexpected(opened.error());
    id = opened->id;
    return std::move(opened->write_end);
}

engine::Printed Outputs::take_printed(const Piped& piped, const crontab::Entry& entry) {
    engine::Printed printed;
    const auto add = [&](std::uint64_t id) {
        const Streams::Count count = id == 0 ? Streams::Count{} : streams_->take_count(id);
        printed.bytes += count.bytes;
        printed.left_out_bytes += count.dropped_bytes;
        return count.bytes;
    };
    add(piped.output);
    printed.is_failure = add(piped.error) > 0 && entry.policy->fails_on_stderr;
    return printed;
}

void Outputs::tell(const RunFact& fact) {
    const Instant now = read_clock().instant;
    if (!is_wanted(fact, customs_.run_lines)) return;
    if (auto told = settings_.words->tell(fact, now)) {
        if (!told->text.empty()) streams_->say(*std::move(told));
        return;
    }
    for (const Record& record : records_of(fact, now, customs_)) log_.write(record, now);
}

void Outputs::set_zone(const calendar::Zone& zone) { settings_.words->set_zone(zone); }

std::optional<OutputFiles> Outputs::reopen(const engine::Adopt& order) {
    const engine::LiveProcess& process = order.process;
    if (!folder_ || process.output == 0) return std::nullopt;
    auto all = folder_->reopen(process.output, process.output_number);
    if (!all) return std::nullopt;
    OutputFiles files{*std::move(all), std::nullopt};
    auto errors = folder_->reopen(process.output, process.output_number, OutputPart::errors);
    if (errors) files.errors = *std::move(errors);
    const std::uint64_t bytes_max = order.entry->policy->max_output_bytes;
    files.all.find_left_out(bytes_max);
    if (files.errors) files.errors->find_left_out(bytes_max);
    return files;
}

Result<process::SessionFile> Outputs::open_session(engine::RunNumber run) const {
    return folder_ ? folder_->create_session(run) : process::SessionFile::in_memory();
}

std::optional<process::SessionFile> Outputs::reopen_session(
    const engine::LiveProcess& process) const {
    if (!folder_ || process.output == 0) return std::nullopt;
    return folder_->reopen_session(process.output, process.output_number);
}

bool Outputs::has_session_end(std::uint64_t tag, engine::RunNumber run) const {
    auto session = folder_ && tag != 0 ? folder_->reopen_session(tag, run) : std::nullopt;
    if (!session) return false;
    session->keep();  // for whoever is to tell it
    return session->end().has_value();
}

std::optional<OutputFiles> Outputs::take_over(Inherited& inherited,
                                              const std::optional<HandedOutputs>& handed) {
    if (!folder_ || !handed) return std::nullopt;
    UniqueFd all = inherited.descriptor(handed->all.fd);
    if (!all) return std::nullopt;
    OutputFiles files{folder_->take_over(std::move(all), handed->all.state), std::nullopt};
    if (!handed->errors) return files;
    if (UniqueFd errors = inherited.descriptor(handed->errors->fd)) {
        files.errors = folder_->take_over(std::move(errors), handed->errors->state);
    }
    return files;
}

void Outputs::watch(const crontab::Entry& entry, const engine::RunKey& run, OutputFiles& files) {
    const auto say = [this, entry = entry, run](const Error& error) {
        log_.write(output_unlimited(entry, run, error.message), read_clock().instant);
    };
    watch_->add(files.all, entry.policy->max_output_bytes, say);
    if (files.errors) watch_->add(*files.errors, entry.policy->max_output_bytes, say);
}

void Outputs::unwatch(OutputFiles& files) {
    watch_->remove(files.all);
    if (files.errors) watch_->remove(*files.errors);
}

void log_output(Log& log, const crontab::Entry& entry, const engine::RunKey& run,
                const OutputFiles& files) {
    const Instant now = read_clock().instant;
    const auto output = files.read(kLoggedBytesMax);
    if (!output) return log.write(said(Level::error, "output-lost", output.error().message), now);
    for (const Record& record : output_lines(label_of(entry, run), output->text)) {
        log.write(record, now);
    }
}

}  // namespace cron::daemon
