// The daemon's end of its socket: requests to whoever carries them out, and to the loop what it is
// to know of that.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "crontab/table.h"
#include "daemon/record.h"
#include "daemon/table_desk.h"

namespace cron::daemon {

inline constexpr std::size_t kControlRecordsMax = 1000;  // that wait for the loop

class Control {
  public:
    // Listens at `socket` as crond of this release. `listening`: the listener of the program before
    // us in this process, if there is one.
    static Result<std::unique_ptr<Control>> open(const std::string& socket, std::string release,
                                                 TableDesk::Settings settings,
                                                 UniqueFd listening = {});
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;
    ~Control();

    // Of the loop's thread, which nothing of this holds up.
    struct News {
        std::vector<Record> records;
        bool have_tables_changed = false;
    };
    int fd() const;  // readable where there is some
    News take();
    void set_flavour(crontab::Flavour flavour);

    // For an upgrade: takes no more requests. False where one that is carried out takes longer than
    // `patience`. What it has for the loop is for take().
    bool pause(std::chrono::milliseconds patience);
    Result<void> go_on();
    // Borrowed; who connects to it waits for the next program.
    int listener_fd() const;

    // Who has asked has its answer, if that takes no longer than `patience`; nobody else gets one.
    void stop(std::chrono::milliseconds patience);

  private:
    class State;

    explicit Control(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace cron::daemon
