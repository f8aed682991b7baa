#include "edit/crontab.h"

#include <fcntl.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "edit/commands.h"
#include "edit/judgement.h"
#include "edit/text.h"
#include "spool/whole_text.h"

namespace cron::edit {
namespace {

constexpr std::string_view kInput = "-";

// Why no answer was had, and what to do.
Error no_answer(Error error) {
    switch (error.code) {
        case ErrorCode::not_found:
            error.message +=
                "; users other than root need it for their tables: it has to be started, as root "
                "does with `service cron start`";
            break;
        case ErrorCode::busy:
        case ErrorCode::limit:
        case ErrorCode::damaged:
            error.message += "; whether it has changed the table `crontab -l` will show";
            break;
        case ErrorCode::invalid:
        case ErrorCode::denied:
        case ErrorCode::system:
            break;
    }
    // Not to be taken for the daemon's own word.
    error.code = ErrorCode::system;
    return error;
}

bool is_of_stdin(const Options& options) { return !options.file || *options.file == kInput; }

// None: there is nothing to read from, and the usage was shown.
std::optional<Result<std::string>> read_given(const Options& options, const Scene& scene) {
    if (!options.file && scene.terminal.has_input()) {
        scene.terminal.show(usage());
        return std::nullopt;
    }
    if (is_of_stdin(options)) return spool::read_all(scene.terminal.input(), "stdin");
    const UniqueFd fd(::open(options.file->c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return system_failure(errno, "open", *options.file);
    return spool::read_all(fd.get(), *options.file);
}

std::string shown_name(const Options& options) {
    return is_of_stdin(options) ? std::string(kInput) : *options.file;
}

// What the classics say as it is, and scripts look for.
int no_table(const Scene& scene, std::string_view message) {
    scene.terminal.show(fmt::format("{}\n", printable(message)));
    return kFailed;
}

}  // namespace

Result<control::TableNow> ask(const Scene& scene, const control::Request& request) {
    auto answer = scene.desk(request);
    if (!answer) return tl::unexpected(no_answer(std::move(answer.error())));
    if (*answer) return std::move(**answer);
    for (const std::string& line : answer->error().diagnostics)
        scene.terminal.show(fmt::format("{}\n", printable(line)));
    return tl::unexpected(std::move(answer->error().error));
}

int fail(const Scene& scene, const Error& error) {
    scene.terminal.say(error.message);
    return kFailed;
}

int run_install(const Options& options, const Scene& scene) {
    auto given = read_given(options, scene);
    if (!given) return kFailed;
    if (!*given) return fail(scene, given->error());
    const std::string text = completed(**std::move(given));
    const crontab::Table table = judge(text, scene);
    const std::string name = shown_name(options);
    if (table.has_errors()) {
        show_errors(table, name, scene);
        scene.terminal.say("errors in crontab file, can't install");
        return kFailed;
    }
    const auto installed = ask(scene, control::InstallTable{scene.user, text, std::nullopt});
    if (!installed) return fail(scene, installed.error());
    scene.log("REPLACE");
    show_warnings(table, name, scene);
    if (scene.terminal.shows_errors()) scene.terminal.say(summary_of(table, "installed", scene));
    return kGood;
}

int run_check(const Options& options, const Scene& scene) {
    auto given = read_given(options, scene);
    if (!given) return kFailed;
    if (!*given) return fail(scene, given->error());
    const crontab::Table table = judge(completed(**std::move(given)), scene);
    const std::string name = shown_name(options);
    show_errors(table, name, scene);
    show_warnings(table, name, scene);
    if (table.has_errors()) {
        scene.terminal.say("errors in crontab file: it would not be installed");
        return kFailed;
    }
    scene.terminal.say(summary_of(table, "without an error", scene));
    return kGood;
}

int run_list(const Scene& scene) {
    const auto now = ask(scene, control::ReadTable{scene.user});
    if (!now) return fail(scene, now.error());
    scene.log("LIST");
    if (!now->text) return no_table(scene, fmt::format("no crontab for {}", scene.user));
    const std::string_view text = without_header(*now->text);
    const auto printed =
        scene.terminal.print(scene.terminal.shows_output() ? harmless(text) : std::string(text));
    if (printed) return kGood;
    // A reader that has had enough is no news.
    if (printed.error().system_errno != EPIPE) scene.terminal.say(printed.error().message);
    return kFailed;
}

int run_remove(const Options& options, const Scene& scene) {
    // A question that nobody sees would hold up a script for ever.
    const bool has_person = scene.terminal.has_input() && scene.terminal.shows_errors();
    const bool asks = options.asks || (has_person && !options.is_sure);
    if (asks &&
        !scene.terminal.agrees(fmt::format("Remove the crontab of {}?", printable(scene.user)))) {
        return kGood;
    }
    const auto removed = ask(scene, control::RemoveTable{scene.user, std::nullopt});
    if (!removed) {
        if (removed.error().code == ErrorCode::not_found)
            return no_table(scene, removed.error().message);
        return fail(scene, removed.error());
    }
    scene.log("DELETE");
    if (scene.terminal.shows_errors()) {
        scene.terminal.say(
            fmt::format("the crontab of {} is removed; --undo brings it back", scene.user));
    }
    return kGood;
}

int run_undo(const Scene& scene) {
    const auto now = ask(scene, control::UndoTable{scene.user});
    if (!now) return fail(scene, now.error());
    scene.log(now->text ? "REPLACE" : "DELETE");
    if (!now->text) {
        if (scene.terminal.shows_errors()) {
            scene.terminal.say(fmt::format(
                "the crontab of {} is removed: there was none before the last change", scene.user));
        }
        return kGood;
    }
    const crontab::Table table = judge(*now->text, scene);
    show_errors(table, "crontab", scene);
    show_warnings(table, "crontab", scene);
    if (scene.terminal.shows_errors()) scene.terminal.say(summary_of(table, "brought back", scene));
    return kGood;
}

int run(const Options& options, const Scene& scene) {
    switch (options.command) {
        case Command::install:
            return run_install(options, scene);
        case Command::check:
            return run_check(options, scene);
        case Command::list:
            return run_list(scene);
        case Command::edit:
            return run_edit(scene);
        case Command::remove:
            return run_remove(options, scene);
        case Command::undo:
            return run_undo(scene);
    }
    return kFailed;
}

}  // namespace cron::edit
