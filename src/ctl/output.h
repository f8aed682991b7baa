// Where text goes: buffered, and aware that nobody may be reading any more.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace cron::ctl {

class Output {
  public:
    using Write = std::function<Result<void>(std::string_view text)>;

    explicit Output(Write write) : write_(std::move(write)) {}

    // Nothing happens after a failure; long loops ask is_open().
    void write(std::string_view text) {
        if (!is_open()) return;
        buffer_ += text;
        if (buffer_.size() >= kBufferBytes) flush();
    }
    void flush();

    bool is_open() const { return !failure_; }
    const std::optional<Error>& failure() const { return failure_; }
    // Its reader has gone, as that of a pipe may.
    bool has_no_reader() const;

  private:
    static constexpr std::size_t kBufferBytes = 64U << 10;

    Write write_;
    std::string buffer_;
    std::optional<Error> failure_;
};

// Writes all to a descriptor, which `name` is for messages. SIGPIPE should be ignored.
Output::Write to_descriptor(int fd, std::string name);

}  // namespace cron::ctl
