#include "edit/options.h"

#include <fmt/format.h>

#include "base/path.h"
#include "base/text.h"

namespace cron::edit {
namespace {

tl::unexpected<Error> wrong(std::string message) {
    return failure(ErrorCode::invalid, std::move(message));
}

class Reader {
  public:
    Reader(std::span<const char* const> arguments, std::string_view directory)
        : arguments_(arguments), directory_(directory) {}

    Result<Options> read() {
        while (const auto argument = next()) {
            auto done = argument->starts_with("--") ? read_long(argument->substr(2))
                        : argument->size() > 1 && argument->front() == '-'
                            ? read_letters(argument->substr(1))
                            : read_file(*argument);
            if (!done) return tl::unexpected(done.error());
        }
        if (!options_.file) return options_;
        if (command_.value_or(Command::install) == Command::install || command_ == Command::check) {
            return options_;
        }
        return wrong(
            fmt::format("a file ({}) goes with no other operation", quoted(*options_.file)));
    }

  private:
    std::optional<std::string_view> next() {
        if (arguments_.empty()) return std::nullopt;
        const std::string_view argument = arguments_.front();
        arguments_ = arguments_.subspan(1);
        return argument;
    }

    Result<void> read_long(std::string_view text) {
        if (text.empty()) {
            while (const auto argument = next()) {
                if (auto done = read_file(*argument); !done) return done;
            }
            return {};
        }
        const std::size_t equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = text.substr(equals + 1);
        if (name == "root") {
            if (!value) value = next();
            if (!value) return wrong("--root needs a folder");
            auto root = root_prefix(*value, directory_);
            if (!root) return tl::unexpected(root.error());
            options_.root = *std::move(root);
            return {};
        }
        if (value) return wrong(fmt::format("--{} is not an option with a value", printable(name)));
        if (name == "undo") return choose(Command::undo);
        if (name == "help") return read_letters("h");
        if (name == "version") return read_letters("V");
        return wrong(fmt::format("--{} is not an option", printable(name)));
    }

    Result<void> read_letters(std::string_view letters) {
        while (!letters.empty()) {
            const char letter = letters.front();
            letters.remove_prefix(1);
            if (letter == 'u' || letter == 'x') {
                const auto value = letters.empty() ? next() : letters;
                if (!value || value->empty())
                    return wrong(fmt::format("-{} needs a value", letter));
                // -x chooses what the originals tell of their inner life.
                if (letter == 'u') options_.user = *value;
                return {};
            }
            if (auto done = read_letter(letter); !done) return done;
        }
        return {};
    }

    Result<void> read_letter(char letter) {
        switch (letter) {
            case 'l':
                return choose(Command::list);
            case 'e':
                return choose(Command::edit);
            case 'r':
                return choose(Command::remove);
            case 'n':
            case 'T':
                return choose(Command::check);
            case 'i':
                options_.asks = true;
                return {};
            case 'f':
                options_.is_sure = true;
                return {};
            case 'h':
                options_.notice = usage();
                return {};
            case 'V':
                options_.notice = "crontab (belfry) " BELFRY_VERSION "\n";
                return {};
            case 's':
                return wrong("-s is not supported: crond gives no SELinux level to jobs");
            case 'c':
                return wrong("-c is not supported: there is no host of a cluster to name");
            default:
                return wrong(
                    fmt::format("-{} is not an option", printable(std::string_view(&letter, 1))));
        }
    }

    Result<void> read_file(std::string_view file) {
        if (options_.file) return wrong("only one file can be installed");
        options_.file = file;
        return {};
    }

    Result<void> choose(Command command) {
        if (command_ && *command_ != command) return wrong("only one operation permitted");
        command_ = command;
        options_.command = command;
        return {};
    }

    std::span<const char* const> arguments_;
    std::string_view directory_;
    std::optional<Command> command_;
    Options options_;
};

}  // namespace

Result<Options> parse_options(std::span<const char* const> arguments, std::string_view directory) {
    return Reader(arguments, directory).read();
}

std::string usage() {
    return "usage: crontab [-u USER] FILE | -    install this table\n"
           "       crontab -n FILE | -           say what is wrong with it; install nothing\n"
           "       crontab [-u USER] -l          print the table that is installed\n"
           "       crontab [-u USER] -e          edit it\n"
           "       crontab [-u USER] -r [-i|-f]  remove it; ask first, or do not\n"
           "       crontab [-u USER] --undo      bring back what was there before the last change\n"
           "Without a FILE a table comes from stdin where that is no terminal. -T is -n.\n"
           "--root DIR goes before all paths of the machine. crontab(1) has the whole of it.\n";
}

}  // namespace cron::edit
