#include "ctl/cronctl.h"

#include <algorithm>

#include <fmt/format.h>

#include "ctl/commands.h"
#include "ctl/instant_text.h"
#include "ctl/report.h"

namespace cron::ctl {
namespace {

Result<calendar::Zone> zone_in_force(const Options& options, const Surroundings& surroundings) {
    if (!options.zone) return zones::local_zone(surroundings.zones);
    auto zone = zones::find_zone(*options.zone, surroundings.zones);
    if (!zone) zone.error().message = fmt::format("--zone: {}", zone.error().message);
    return zone;
}

int run_command(const Options& options, const Surroundings& surroundings, const Streams& streams) {
    const auto zone = zone_in_force(options, surroundings);
    if (!zone) {
        streams.error.write(complaint(zone.error().message));
        return kTrouble;
    }
    const Context context{options, surroundings, streams, *zone};
    switch (options.command) {
        case Command::next:
            return run_next(context);
        case Command::explain:
            return run_explain(context);
        case Command::check:
            return run_check(context);
        case Command::simulate:
            return run_simulate(context);
    }
    return kTrouble;
}

int run_arguments(std::span<const char* const> arguments, const Surroundings& surroundings,
                  const Streams& streams) {
    const auto options = parse_options(arguments, surroundings.directory);
    if (!options) {
        streams.error.write(complaint(options.error().message));
        streams.error.write(fmt::format("Try '{} --help'.\n", program_of(arguments)));
        return kTrouble;
    }
    if (options->notice) {
        streams.out.write(*options->notice);
        return kGood;
    }
    return run_command(*options, surroundings, streams);
}

}  // namespace

Result<Instant> Context::instant(std::string_view option, const std::string& text) const {
    auto given = read_instant(text, zone, surroundings.now);
    if (!given) {
        return failure(given.error().code, fmt::format("{} {}", option, given.error().message));
    }
    if (!given->note.empty()) {
        streams.error.write(note(fmt::format("{} {}", option, given->note)));
    }
    return given->instant;
}

Result<Instant> Context::from() const {
    if (!options.from) return surroundings.now;
    return instant("--from", *options.from);
}

std::optional<TableFiles> Context::tables() const {
    auto files = read_tables(options, surroundings, zone, std::nullopt);
    if (!files) {
        streams.error.write(complaint(files.error().message));
        return std::nullopt;
    }
    tell_errors(*files, streams.error, surroundings.has_error_colours);
    // Before the lines that stdout shows on the same screen.
    streams.error.flush();
    return *std::move(files);
}

int Context::fail(const Error& error) const {
    streams.error.write(complaint(error.message));
    return kTrouble;
}

int run(std::span<const char* const> arguments, const Surroundings& surroundings,
        const Streams& streams) {
    int status = run_arguments(arguments, surroundings, streams);
    streams.out.flush();
    if (streams.out.failure() && !streams.out.has_no_reader()) {
        streams.error.write(complaint(streams.out.failure()->message));
        status = kTrouble;
    }
    streams.error.flush();
    return status;
}

}  // namespace cron::ctl
