// How long after its second a job begins, with the shell's own start: start_bench [JOBS [SECONDS]]
// has crond start so many jobs each second, for so long. Each job is this program again, which
// writes the time and ends.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

void write_stamp() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto late = now % std::chrono::seconds(1);
    std::printf("%f\n", std::chrono::duration<double, std::milli>(late).count());
}

void write_table(const fs::path& path, int jobs) {
    const std::string self = fs::read_symlink("/proc/self/exe").string();
    std::ofstream table(path);
    for (int job = 0; job < jobs; ++job) table << "@every 1s exec '" << self << "' stamp\n";
}

// What crond's jobs wrote in `seconds`, in order.
std::vector<double> run_crond(const fs::path& table, int seconds) {
    const std::string command =
        "timeout " + std::to_string(seconds) +
        " '" BELFRY_CROND "' --foreground --output raw --log-level error '" + table.string() + "'";
    std::vector<double> milliseconds;
    std::FILE* output = ::popen(command.c_str(), "r");
    if (output == nullptr) return milliseconds;
    char line[64];
    while (std::fgets(line, sizeof line, output) != nullptr)
        milliseconds.push_back(std::strtod(line, nullptr));
    ::pclose(output);
    std::sort(milliseconds.begin(), milliseconds.end());
    return milliseconds;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "stamp") {
        write_stamp();
        return EXIT_SUCCESS;
    }
    const int jobs = argc > 1 ? std::atoi(argv[1]) : 2;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 50;
    const fs::path table =
        fs::temp_directory_path() / ("start_bench." + std::to_string(::getpid()));
    write_table(table, jobs);
    const auto late = run_crond(table, seconds);
    fs::remove(table);
    if (late.empty()) {
        std::fputs("start_bench: no job has run\n", stderr);
        return EXIT_FAILURE;
    }
    const auto at = [&](std::size_t percent) { return late[(late.size() - 1) * percent / 100]; };
    std::printf(
        "%zu starts, milliseconds after the second: first %.2f, median %.2f, 99%% %.2f, last "
        "%.2f\n",
        late.size(), at(0), at(50), at(99), at(100));
}
