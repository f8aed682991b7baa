#include "crontab/command.h"
#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace cron::crontab {
namespace {

// Source: do_command.c of Vixie cron, "translation". There \\% is a backslash and an escaped %.
std::string unescape_input(std::string_view text) {
    std::string input;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '%') {
            input += text[++i];
        } else {
            input += text[i] == '%' ? '\n' : text[i];
        }
    }
    if (!input.empty() && input.back() != '\n') input += '\n';
    return input;
}

}  // namespace

// flags = { "-" ( "n" | "q" | "s" ) { "n" | "q" | "s" } blanks }
tl::expected<Flags, Finding> read_flags(std::string_view text) {
    Flags flags;
    while (flags.length < text.size() && text[flags.length] == '-') {
        const std::size_t begin = flags.length;
        const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
        for (std::size_t i = begin + 1; i < end; ++i) {
            switch (text[i]) {
                case 'n':
                    flags.mail_on_failure_only = true;
                    continue;
                case 'q':
                    flags.quiet = true;
                    continue;
                case 's':
                    flags.single = true;
                    continue;
                default:
                    break;
            }
            return tl::unexpected(Finding{"bad-flag", begin, end,
                                          fmt::format("{} is not one of the flags -n, -q and -s",
                                                      quoted(text.substr(begin, end - begin))),
                                          "a command cannot begin with '-'"});
        }
        if (end == begin + 1) {
            return tl::unexpected(Finding{"bad-flag", begin, end, "a '-' without a flag",
                                          "the flags are -n, -q and -s"});
        }
        flags.length = std::min(text.find_first_not_of(" \t", end), text.size());
    }
    return flags;
}

// Source: do_command.c of Vixie cron, and Debian's change to it (\\).
CommandText split_command(std::string_view text, Flavour flavour, Dialect dialect) {
    if (dialect == Dialect::supercronic) return {std::string(text), {}};
    const bool folds_backslashes = ways_of(flavour).folds_backslashes;
    CommandText parts;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            parts.input = unescape_input(text.substr(i + 1));
            break;
        }
        if (text[i] == '\\' && i + 1 < text.size()) {
            const char escaped = text[++i];
            const bool drops = escaped == '%' || (escaped == '\\' && folds_backslashes);
            if (!drops) parts.command += '\\';
            parts.command += escaped;
            continue;
        }
        parts.command += text[i];
    }
    return parts;
}

}  // namespace cron::crontab
