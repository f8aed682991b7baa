#include "edit/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/text.h"
#include "spool/whole_text.h"

namespace cron::edit {
namespace {

constexpr std::size_t kAnswerBytesMax = 1000;

// A line of `fd`, a byte at a time: what follows belongs to the next reader. Empty at the end.
std::string read_line(int fd) {
    std::string line;
    char byte = 0;
    for (;;) {
        const ssize_t count = ::read(fd, &byte, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return line;
        if (line.size() < kAnswerBytesMax) line += byte;
        if (byte == '\n') return line;
    }
}

}  // namespace

bool Terminal::has_input() const { return ::isatty(input_) == 1; }
bool Terminal::shows_output() const { return ::isatty(output_) == 1; }
bool Terminal::shows_errors() const { return ::isatty(error_) == 1; }

Result<void> Terminal::print(std::string_view text) const {
    return spool::write_all(output_, text, "stdout");
}

void Terminal::say(std::string_view message) const {
    show(fmt::format("crontab: {}\n", printable(message)));
}

// If that fails there is nobody to tell.
void Terminal::show(std::string_view text) const { (void)spool::write_all(error_, text, "stderr"); }

bool Terminal::agrees(std::string_view question) const {
    show(fmt::format("{} (y/n) ", question));
    for (int answers = 0; answers < kAnswersMax; ++answers) {
        const std::string line = read_line(input_);
        const std::string answer = to_lower(trim_blanks(line.substr(0, line.find('\n'))));
        if (answer == "y" || answer == "yes") return true;
        if (answer == "n" || answer == "no") return false;
        if (line.empty()) break;
        show("Please answer y or n: ");
    }
    show("\n");
    return false;
}

std::string harmless(std::string_view text) {
    std::string shown;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
        shown += printable(text.substr(0, end));
        if (end < text.size()) shown += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return shown;
}

}  // namespace cron::edit
