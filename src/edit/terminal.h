// The standard streams of crontab, and whoever sits before them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::edit {

inline constexpr int kAnswersMax = 20;  // that are neither yes nor no

// Borrows three descriptors.
class Terminal {
  public:
    Terminal(int input, int output, int error) : input_(input), output_(output), error_(error) {}

    bool has_input() const;     // somebody can be asked
    bool shows_output() const;  // stdout is read by people, and obeys escape sequences
    bool shows_errors() const;  // stderr likewise

    // To stdout. SIGPIPE should be ignored.
    Result<void> print(std::string_view text) const;
    // To stderr: "crontab: MESSAGE", on one line without control bytes.
    void say(std::string_view message) const;
    // To stderr, as it is.
    void show(std::string_view text) const;
    // Whether the answer is yes. The end of the input is a no.
    bool agrees(std::string_view question) const;

    int input() const { return input_; }

  private:
    int input_;
    int output_;
    int error_;
};

// `text` for a terminal: all but newlines and tabs that is no character as \xNN.
std::string harmless(std::string_view text);

}  // namespace cron::edit
