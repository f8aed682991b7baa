// cronctl without a process: its arguments in, what it prints and its status out.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "ctl/cronctl.h"

namespace cron::ctl {

// 2026-03-06 12:00 UTC: two days before New York's gap.
inline constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 6} + hours{12}};
// A zone without a file.
inline constexpr const char* kNewYork = "EST5EDT,M3.2.0,M11.1.0";

// A folder that is removed with all that is in it.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "belfry-ctl-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }
    // The path of the file that it writes.
    std::string write(std::string_view name, std::string_view text) const {
        // Not by operator/, which leaves the folder where a name begins with a slash.
        const std::filesystem::path path = path_ + "/" + std::string(name);
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }

  private:
    std::string path_;
};

struct Ended {
    int status = -1;
    std::string out;
    std::string error;
};

inline Surroundings plain_surroundings() {
    Surroundings surroundings;
    surroundings.now = kNow;
    surroundings.directory = "/nowhere";
    surroundings.machine_id = "a machine";
    surroundings.zones.tz = kNewYork;
    surroundings.read_input = []() -> Result<std::string> { return std::string(); };
    return surroundings;
}

inline Output collecting(std::string& text) {
    return Output([&text](std::string_view more) -> Result<void> {
        text += more;
        return {};
    });
}

inline Ended run(const std::vector<std::string>& arguments,
                 const Surroundings& surroundings = plain_surroundings()) {
    std::vector<const char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
    Ended ended;
    Output out = collecting(ended.out);
    Output error = collecting(ended.error);
    ended.status = run(pointers, surroundings, {out, error});
    return ended;
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// No byte but printable ASCII, UTF-8, tabs and newlines.
inline bool is_harmless(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) return false;
    }
    return true;
}

}  // namespace cron::ctl
