// A file layer for SQLite that lives in memory and can fail as disks do: calls that return an
// error, a disk that is full, and power that is lost, with which goes what was not synced, whole,
// in part or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace cron::ledger {

class FaultyFiles {
  public:
    // Registers itself with SQLite under a name of its own until it dies.
    explicit FaultyFiles(std::uint64_t seed);
    ~FaultyFiles();
    FaultyFiles(const FaultyFiles&) = delete;
    FaultyFiles& operator=(const FaultyFiles&) = delete;

    const std::string& name() const { return name_; }

    // The calls that can fail (read, write, truncate, sync) from now on: the nth fails, counted
    // from 1, and every one after it if `for_good`. 0: none fails.
    void fail_call(std::uint64_t number, bool for_good = false);
    std::uint64_t calls() const { return calls_; }
    // Writes beyond so many bytes in all files find the disk full.
    void set_size_max(std::size_t bytes) { size_max_ = bytes; }
    // Nothing can be written.
    void set_read_only(bool is_read_only) { read_only_ = is_read_only; }

    // Of what was written since the last sync of its file, each sector of 512 bytes stays or is
    // lost by chance. To be called when no database is open any more, or after its owner is as good
    // as dead: whatever it still does then reaches nothing.
    void lose_power();
    // The process that has databases open is killed: whatever they still do reaches nothing.
    void lose_process();

    // To spoil a file on purpose.
    std::string& content(const std::string& path) { return files_[path]->now; }

  private:
    friend struct FaultyCalls;
    struct File {
        std::string now;             // as a reader sees it
        std::string synced;          // as it was at its last sync
        std::vector<bool> unsynced;  // by sector
        bool was_synced = false;     // else the name itself may be lost
        // The shared memory of its write-ahead log, which lives as long as one has it mapped.
        std::vector<std::shared_ptr<std::string>> shm;
    };

    bool next_call_fails();
    std::size_t size() const;

    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
    std::map<std::string, std::shared_ptr<File>> files_;
    std::mt19937_64 random_;
    std::uint64_t calls_ = 0;
    std::uint64_t failing_call_ = 0;
    bool fails_for_good_ = false;
    bool read_only_ = false;
    std::size_t size_max_ = SIZE_MAX;
    std::uint64_t generation_ = 0;  // of the power: files opened before it was lost are dead
};

}  // namespace cron::ledger
