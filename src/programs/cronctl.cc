// cronctl: shows what schedules and crontabs will do.
#include <langinfo.h>
#include <unistd.h>

#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "ctl/cronctl.h"
#include "ctl/tables.h"
#include "spool/machine_id.h"
#include "spool/whole_text.h"

namespace {

using namespace cron;
using namespace cron::ctl;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

std::string working_directory() {
    char path[4096];
    return ::getcwd(path, sizeof path) == nullptr ? "/" : path;
}

bool shows_colours(int fd) {
    return ::isatty(fd) == 1 && variable("NO_COLOR").empty() && variable("TERM") != "dumb" &&
           !variable("TERM").empty();
}

Surroundings look_around() {
    Surroundings found;
    found.now = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
    found.directory = working_directory();
    found.home = variable("HOME");
    found.machine_id = spool::read_machine_id();
    found.zones = zones::sources_here();
    found.read_input = [] { return spool::read_all(STDIN_FILENO, "stdin"); };
    found.is_terminal = ::isatty(STDOUT_FILENO) == 1;
    found.has_colours = shows_colours(STDOUT_FILENO);
    found.has_error_colours = shows_colours(STDERR_FILENO);
    found.has_utf8 = std::setlocale(LC_CTYPE, "") != nullptr &&
                     std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    // Whoever reads us may go: then write says so.
    std::signal(SIGPIPE, SIG_IGN);
    Output out(to_descriptor(STDOUT_FILENO, "stdout"));
    Output error(to_descriptor(STDERR_FILENO, "stderr"));
    return run(std::span<const char* const>(argv + (argc > 0 ? 1 : 0), argv + argc), look_around(),
               {out, error});
}
