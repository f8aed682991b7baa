// crontab without a process: a desk, streams and an editor that exist only here.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "base/hash.h"
#include "base/unique_fd.h"
#include "edit/crontab.h"

namespace cron::edit::test {

// Sat 2026-11-21 12:00 UTC.
inline constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + hours{12}};

// One user's table, and how often it was asked for.
struct FakeDesk {
    std::optional<std::string> text;
    std::optional<std::string> previous;
    bool has_previous = false;
    std::optional<Error> no_answer;           // instead of any answer
    std::optional<control::Refusal> refusal;  // of changes
    std::function<void()> before_install = [] {};
    int requests = 0;

    std::string version() const {
        return text ? std::to_string(content_hash(*text)[0]) : std::string();
    }
    Result<control::Answer> operator()(const control::Request& request) {
        ++requests;
        if (no_answer) return tl::unexpected(*no_answer);
        return std::visit([this](const auto& order) { return answer(order); }, request);
    }

  private:
    static control::Answer refused(ErrorCode code, std::string message) {
        control::Refusal refusal;
        refusal.error = {code, std::move(message)};
        return tl::unexpected<control::Refusal>(std::move(refusal));
    }
    control::TableNow now() const { return {text, version()}; }
    void change(std::optional<std::string> next) {
        previous = std::exchange(text, std::move(next));
        has_previous = true;
    }
    control::Answer answer(const control::ReadTable&) { return now(); }
    control::Answer answer(const control::InstallTable& order) {
        std::exchange(before_install, [] {})();
        if (refusal) return tl::unexpected<control::Refusal>(*refusal);
        if (order.before && *order.before != version())
            return refused(ErrorCode::busy, "it was changed");
        change(order.text);
        return now();
    }
    control::Answer answer(const control::RemoveTable&) {
        if (!text) return refused(ErrorCode::not_found, "no crontab for alice");
        change(std::nullopt);
        return now();
    }
    control::Answer answer(const control::UndoTable&) {
        if (!has_previous) return refused(ErrorCode::not_found, "no earlier crontab is kept");
        change(previous);
        return now();
    }
};

inline std::string drain(int fd) {
    std::string text;
    char buffer[4096];
    REQUIRE(::lseek(fd, 0, SEEK_SET) == 0);
    for (ssize_t count; (count = ::read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

inline UniqueFd memory(std::string_view text = "") {
    UniqueFd fd(::memfd_create("edit-test", MFD_CLOEXEC));
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    return fd;
}

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "belfry-edit-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = std::filesystem::canonical(pattern);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }
    bool is_empty() const { return std::filesystem::is_empty(path_); }

  private:
    std::string path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);

struct Ended {
    int status = -1;
    std::string out;
    std::string error;
};

// One caller: what stands on her stdin, what she does in the editor, and what was logged.
struct Alice {
    FakeDesk desk;
    std::string input;
    std::function<Result<void>(const std::string& path)> edit;
    std::vector<std::string> logged;
    TemporaryFolder folder;

    // The editor writes the next of these.
    void types(std::vector<std::string> texts) {
        edit = [texts = std::move(texts),
                next = std::size_t{0}](const std::string& path) mutable -> Result<void> {
            REQUIRE(next < texts.size());
            write_file(path, texts[next++]);
            return {};
        };
    }

    Ended run(const std::vector<std::string>& arguments) {
        std::vector<const char*> pointers;
        for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
        const auto options = parse_options(pointers, "/");
        REQUIRE(options);
        const UniqueFd in = memory(input);
        const UniqueFd out = memory();
        const UniqueFd error = memory();
        Scene scene{"alice",
                    [this](const control::Request& request) { return desk(request); },
                    Terminal(in.get(), out.get(), error.get()),
                    {},
                    kNow,
                    folder.path(),
                    edit,
                    [this](std::string_view event) { logged.emplace_back(event); }};
        scene.parsing.owner = "alice";
        scene.parsing.find_zone = [](std::string_view) -> Result<calendar::Zone> {
            return failure(ErrorCode::not_found, "no zones here");
        };
        const int status = edit::run(*options, scene);
        return {status, drain(out.get()), drain(error.get())};
    }
};

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

}  // namespace cron::edit::test
