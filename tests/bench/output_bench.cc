// What of jobs' output goes through crond, and whether its clock stays right meanwhile:
// output_bench [MEGABYTES [JOBS]] has so many jobs print so much each, in lines of 80 bytes, and
// another start every second. Beside it the same bytes by way of cat, in the same run.

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLineBytes = 80;

void print_lines(int megabytes) {
    const std::string line = std::string(kLineBytes - 1, '.') + '\n';
    std::string block;
    while (block.size() < 64'000) block += line;
    const std::size_t all = static_cast<std::size_t>(megabytes) * 1'000'000;
    for (std::size_t bytes = 0; bytes < all; bytes += block.size()) {
        std::fwrite(block.data(), 1, std::min(block.size(), all - bytes), stdout);
    }
}

struct Measured {
    double seconds = 0;
    std::size_t lines = 0;
};

// Reads what `command` prints, so many lines of it; then the process that `pid_file` names is told
// to end.
Measured measure(const std::string& command, std::size_t lines_max, const fs::path& pid_file) {
    Measured measured;
    std::FILE* output = ::popen(command.c_str(), "r");
    if (output == nullptr) return measured;
    std::array<char, 65536> buffer;
    const auto begin = Clock::now();
    ssize_t count = 0;
    while (measured.lines < lines_max &&
           (count = ::read(::fileno(output), buffer.data(), buffer.size())) > 0) {
        measured.lines +=
            static_cast<std::size_t>(std::count(buffer.begin(), buffer.begin() + count, '\n'));
    }
    measured.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    pid_t pid = 0;
    if (std::ifstream(pid_file) >> pid) ::kill(pid, SIGTERM);
    ::pclose(output);
    return measured;
}

// The worst of the job that starts every second, in milliseconds, by crond's log.
double latest_start(const fs::path& log) {
    std::ifstream file(log);
    double latest = 0;
    for (std::string line; std::getline(file, line);) {
        const std::size_t at = line.find("late_ms=");
        if (at == std::string::npos || line.find("job=tick") == std::string::npos) continue;
        latest = std::max(latest, std::strtod(line.c_str() + at + 8, nullptr));
    }
    return latest;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2 && std::string_view(argv[1]) == "print") {
        print_lines(std::atoi(argv[2]));
        return EXIT_SUCCESS;
    }
    const int megabytes = argc > 1 ? std::atoi(argv[1]) : 100;
    const int jobs = argc > 2 ? std::atoi(argv[2]) : 4;
    const std::string self = fs::read_symlink("/proc/self/exe").string();
    const fs::path folder =
        fs::temp_directory_path() / ("output_bench." + std::to_string(::getpid()));
    fs::create_directory(folder);
    const std::string print = "'" + self + "' print " + std::to_string(megabytes);
    std::ofstream table(folder / "table");
    table << "CRON_NAME=tick\n@every 1s true\n";
    for (int job = 0; job < jobs; ++job) {
        table << "CRON_NAME=flood" << job << "\n@reboot exec " << print << "\n";
    }
    table.close();
    const std::size_t lines = static_cast<std::size_t>(jobs) * static_cast<std::size_t>(megabytes) *
                              1'000'000 / kLineBytes;
    std::string all = "{ ";
    for (int job = 0; job < jobs; ++job) all += print + "; ";
    const Measured plain = measure(all + "} | cat", lines, folder / "none");
    std::printf("cat: %zu lines in %.2f s\n", plain.lines, plain.seconds);
    for (const std::string format : {"prefix", "json"}) {
        const std::string log = (folder / ("log-" + format)).string();
        const fs::path pid_file = folder / ("pid-" + format);
        const Measured through = measure(
            "echo $$ >'" + pid_file.string() + "'; exec '" BELFRY_CROND "' --log text " +
                "--output " + format + " '" + (folder / "table").string() + "' 2>'" + log + "'",
            lines, pid_file);
        std::printf("%s: %zu lines in %.2f s, %.0f a second, %.1f times cat", format.c_str(),
                    through.lines, through.seconds,
                    static_cast<double>(through.lines) / through.seconds,
                    through.seconds / plain.seconds);
        if (format == "prefix") std::printf("; a start up to %.0f ms late", latest_start(log));
        std::printf("\n");
    }
    fs::remove_all(folder);
    return EXIT_SUCCESS;
}
