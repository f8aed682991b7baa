// Launching marks: which granted runs may have been started, in a mapped file that a killed daemon
// leaves behind as it was. Within one boot a granted run without a mark was not started.
// DESIGN: After a restart. docs/ledger.md has the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/unique_fd.h"
#include "engine/run.h"

namespace cron::ledger {

inline constexpr std::int32_t kElsewhere = -1;  // the pid of a process in another pid namespace

// What is known of the process that a start made; 0 where it was not made yet.
struct Mark {
    std::int32_t pid = 0;
    std::uint64_t process_start = 0;  // in ticks since the boot, as the kernel tells it
    std::int64_t started = 0;         // microseconds since the epoch
    std::uint64_t output = 0;         // with the next: the name of its output
    std::uint64_t output_number = 0;
};

class Marks {
  public:
    struct Options {
        std::string path;
        std::string boot_id;
        std::string ledger_id;
        // In which pids are numbered: a container that is started anew has another one. 0: not
        // known.
        std::uint64_t pid_namespace = 0;
    };
    // Goes on with a file of the same boot and ledger; any other is begun anew. The processes in
    // one of another pid namespace are elsewhere: no pid here is theirs.
    static Result<Marks> open(const Options& options);

    Marks(Marks&& other) noexcept;
    Marks& operator=(Marks&& other) noexcept;
    ~Marks();

    // The file is that of a daemon before, and every start since it was begun has its mark.
    bool tells_all() const { return goes_on_ && is_complete(); }
    bool is_complete() const;
    // What is marked cannot be told any more: the file has no room. Until it is begun anew.
    void give_up();

    // Before the process is made. An error: there is no room for it.
    Result<void> set(const engine::RunKey& key, std::uint32_t attempt);
    // Of one that is set; does nothing for others.
    void add_process(const engine::RunKey& key, std::uint32_t attempt, const Mark& mark);
    std::optional<Mark> find(const engine::RunKey& key, std::uint32_t attempt) const;
    // Its end is on record.
    void clear(const engine::RunKey& key, std::uint32_t attempt);

  private:
    struct Header;
    struct Slot;

    Marks() = default;

    ContentHash name_of(const engine::RunKey& key, std::uint32_t attempt) const;
    Result<void> begin(const Options& options);
    bool read(const Options& options);
    void enter(std::uint64_t pid_namespace);
    Result<void> map(std::size_t slots);
    Result<std::size_t> free_slot();
    Header& header() const;
    Slot& slot(std::size_t place) const;

    UniqueFd file_;
    std::string path_;
    std::string ledger_id_;
    bool goes_on_ = false;
    void* memory_ = nullptr;
    std::size_t slots_ = 0;
    std::map<ContentHash, std::size_t> places_;
    std::vector<std::size_t> free_;
};

}  // namespace cron::ledger
