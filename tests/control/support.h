// What the tests of control/ share: a folder, a client that does as it likes, and a server to talk
// to.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "control/channel.h"
#include "control/socket.h"

namespace cron::control {

// For what takes milliseconds on an idle machine.
inline constexpr std::chrono::seconds kTestPatience{60};
inline Deadline patience_end() { return Deadline::clock::now() + kTestPatience; }

class SocketFolder {
  public:
    SocketFolder() {
        std::string name = std::filesystem::temp_directory_path() / "belfry-control-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~SocketFolder() { std::filesystem::remove_all(path_); }
    SocketFolder(const SocketFolder&) = delete;
    SocketFolder& operator=(const SocketFolder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + '/' + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A connection of a client that keeps no rule.
inline Channel connect(const std::string& path) {
    auto connected = connect_to(path, patience_end());
    REQUIRE(connected);
    return Channel(*std::move(connected));
}

inline void send(Channel& channel, std::string_view text) {
    REQUIRE(channel.write(text, patience_end()) == Channel::Ending::done);
}

// The next line; or how the connection ended, in brackets.
inline std::string receive(Channel& channel) {
    std::string line;
    switch (channel.read_line(line, 64U << 20, patience_end())) {
        case Channel::Ending::done:
            return line;
        case Channel::Ending::closed:
            return "[closed]";
        case Channel::Ending::too_long:
            return "[too long]";
        case Channel::Ending::too_late:
            break;
    }
    return "[too late]";
}

}  // namespace cron::control
