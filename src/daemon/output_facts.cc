#include "daemon/output_facts.h"

#include "engine/run_variables.h"

namespace cron::daemon {
namespace {

void add_count(Record& record, std::uint64_t lines, std::uint64_t bytes) {
    record.fields.push_back({"lines", static_cast<std::int64_t>(lines)});
    record.fields.push_back({"bytes", static_cast<std::int64_t>(bytes)});
}

Record about(Level level, std::string_view event, Stream stream) {
    Record record{level, event, {}, {}, 0};
    record.fields.push_back({"stream", std::string(name_of(stream))});
    return record;
}

}  // namespace

OutputName name_of(const Source& source) {
    return {label_of(source.entry, source.key), engine::run_id(source.key), source.stream};
}

std::string_view name_of(Stream stream) {
    switch (stream) {
        case Stream::output:
            return "stdout";
        case Stream::error:
            return "stderr";
    }
    return "stdout";
}

Record output_dropped(const OutputName& name, const Gap& gap) {
    Record record{Level::warning, "output-dropped", {}, {}, 0};
    add_run(record, name.run);
    record.fields.push_back({"run", name.run_id});
    record.fields.push_back({"stream", std::string(name_of(name.stream))});
    add_count(record, gap.lines, gap.bytes);
    return record;
}

Record output_stuck(Stream stream, std::size_t waiting_bytes) {
    Record record = about(Level::warning, "output-stuck", stream);
    record.fields.push_back({"waiting_bytes", static_cast<std::int64_t>(waiting_bytes)});
    return record;
}

Record output_flows(Stream stream, microseconds after, std::uint64_t lost_lines) {
    Record record = about(Level::info, "output-flows", stream);
    record.fields.push_back({"after_s", seconds_text(after)});
    if (lost_lines > 0) {
        record.fields.push_back({"lost_lines", static_cast<std::int64_t>(lost_lines)});
    }
    return record;
}

Record output_closed(Stream stream, std::string_view reason, std::uint64_t lines,
                     std::uint64_t bytes) {
    Record record = about(Level::error, "output-closed", stream);
    record.fields.push_back({"reason", std::string(reason)});
    add_count(record, lines, bytes);
    return record;
}

Record output_unread(Stream stream, std::uint64_t lines, std::uint64_t bytes) {
    Record record = about(Level::warning, "output-unread", stream);
    add_count(record, lines, bytes);
    return record;
}

}  // namespace cron::daemon
