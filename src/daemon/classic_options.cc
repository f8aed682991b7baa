#include "daemon/classic_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::daemon {
namespace {

using Words = ClassicWords;

constexpr std::array kOptions = {
    ClassicOption{"-f,--foreground", "-f,-n,--foreground", "", "Stay in the foreground",
                  &Words::foreground, nullptr},
    ClassicOption{"-l,--lsb-names", "--lsb-names", "",
                  "Files of /etc/cron.d are named by the rules of the LSB", &Words::lsb_names,
                  nullptr},
    ClassicOption{"-L,--log-runs", "-L,--log-runs", "N",
                  "Of runs log the sum of: 1 starts, 2 ends, 4 failures, 8 pids [3]", nullptr,
                  &Words::log_runs},
    ClassicOption{"-n,--full-host", "--full-host", "",
                  "Put the full name of the host into the subject of mail", &Words::full_host,
                  nullptr},
    ClassicOption{"-N,--run-now", "--run-now", "", "Not supported: crond says what to do instead",
                  &Words::run_now, nullptr},
    ClassicOption{"-x,--debug", "-x,--debug", "CLASS",
                  "Stay in the foreground and log all, whatever the classes", nullptr,
                  &Words::debug},
    ClassicOption{"--log-output", "-s,--log-output", "", "Log what jobs print, and send no mail",
                  &Words::log_output, nullptr},
    ClassicOption{"--mail-command", "-m,--mail-command", "CMD",
                  "The shell command that mail is handed to; off: send none", nullptr,
                  &Words::mail_command},
    ClassicOption{"--permit-any", "-p,--permit-any", "",
                  "Take tables whoever owns them or may write to them", &Words::permit_any,
                  nullptr},
    ClassicOption{"--inherit-path", "-P,--inherit-path", "", "Give jobs our own PATH",
                  &Words::inherit_path, nullptr},
    ClassicOption{"--no-inotify", "-i,--no-inotify", "", "Look for changed tables each minute",
                  &Words::no_inotify, nullptr},
    ClassicOption{"--cluster", "-c,--cluster", "", "Not supported: crond says what to do instead",
                  &Words::cluster, nullptr},
};

Result<void> set_run_lines(const std::optional<std::string>& word, RunLines& lines) {
    constexpr unsigned kAll = 15;
    if (!word) return {};
    const auto sum = parse_decimal(*word);
    if (!sum || *sum > kAll) {
        return failure(ErrorCode::invalid,
                       fmt::format("-L '{}' is not a number from 0 to {}", printable(*word), kAll));
    }
    lines = {(*sum & 1U) != 0, (*sum & 2U) != 0, (*sum & 4U) != 0, (*sum & 8U) != 0};
    return {};
}

Result<void> check_classes(std::string_view classes) {
    constexpr std::array<std::string_view, 7> kClasses = {"ext",  "sch",  "proc", "pars",
                                                          "load", "misc", "bit"};
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = std::min(classes.find(','), classes.size());
        const std::string_view name = classes.substr(0, comma);
        is_last = comma == classes.size();
        classes.remove_prefix(std::min(comma + 1, classes.size()));
        if (name == "test") {
            return failure(ErrorCode::invalid,
                           "-x test would start jobs; --test reads the tables and starts none");
        }
        if (std::find(kClasses.begin(), kClasses.end(), name) == kClasses.end()) {
            return failure(ErrorCode::invalid,
                           fmt::format("-x '{}' is none of the classes ext, sch, proc, pars, load, "
                                       "misc, bit",
                                       printable(name)));
        }
    }
    return {};
}

}  // namespace

std::span<const ClassicOption> classic_options() { return kOptions; }

std::string classic_letters(const Invocation& invocation) {
    std::string letters;
    for (const ClassicOption& option : kOptions) {
        std::string_view names = option.names(invocation);
        for (; names.size() > 2 && names[1] != '-'; names.remove_prefix(3)) {
            letters += fmt::format("{}{}", letters.empty() ? "" : " ", names.substr(0, 2));
        }
    }
    return letters;
}

Result<void> apply(const ClassicWords& words, Options& options) {
    if (words.cluster) {
        return failure(ErrorCode::invalid,
                       "-c is not supported: a spool belongs to one daemon at a time; let the "
                       "service run on one of the machines only");
    }
    if (words.run_now) {
        return failure(ErrorCode::invalid,
                       "-N is not supported: tables are tested by --test, and a job by running "
                       "its command");
    }
    if (auto set = set_run_lines(words.log_runs, options.run_lines); !set) return set;
    if (words.debug) {
        if (auto checked = check_classes(*words.debug); !checked) return checked;
        options.log_level = Level::debug;
    }
    if (words.mail_command && words.mail_command->empty()) {
        return failure(ErrorCode::invalid, "-m is an empty command; 'off' sends no mail");
    }
    options.mail_command = words.mail_command.value_or("");
    options.foreground = options.foreground || words.foreground || words.debug;
    options.tells_full_host = words.full_host;
    options.has_lsb_names = words.lsb_names;
    options.is_output_logged = words.log_output;
    options.permits_any_table = words.permit_any;
    options.inherits_path = words.inherit_path;
    options.watches_files = !words.no_inotify;
    return {};
}

}  // namespace cron::daemon
