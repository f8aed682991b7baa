#include "faulty_files.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace cron::ledger {
namespace {

constexpr std::size_t kSector = 512;

}  // namespace

// What SQLite calls. An open file is one of these, made in memory that SQLite gives.
struct FaultyCalls {
    struct Open {
        sqlite3_file base;  // first: SQLite sees only this
        FaultyFiles* files;
        FaultyFiles::File* file;
        std::shared_ptr<FaultyFiles::File>* owner;
        std::uint64_t generation;
        std::string* delete_at_close;
        std::vector<std::shared_ptr<std::string>>* mapped;

        bool is_dead() const { return generation != files->generation_; }
    };

    static Open& of(sqlite3_file* file) { return *reinterpret_cast<Open*>(file); }
    static FaultyFiles& of(sqlite3_vfs* vfs) { return *static_cast<FaultyFiles*>(vfs->pAppData); }

    static void mark(FaultyFiles::File& file, std::size_t begin, std::size_t end) {
        const std::size_t last = (end + kSector - 1) / kSector;
        if (file.unsynced.size() < last) file.unsynced.resize(last);
        for (std::size_t sector = begin / kSector; sector < last; ++sector) {
            file.unsynced[sector] = true;
        }
    }

    // A copy of all of a long log at each sync would take most of the time of a test.
    static void copy_unsynced(FaultyFiles::File& file) {
        file.synced.resize(file.now.size());
        for (std::size_t sector = 0; sector < file.unsynced.size(); ++sector) {
            const std::size_t begin = sector * kSector;
            if (!file.unsynced[sector] || begin >= file.now.size()) continue;
            const std::size_t length = std::min(kSector, file.now.size() - begin);
            file.now.copy(file.synced.data() + begin, length, begin);
        }
        file.unsynced.clear();
    }

    static int close(sqlite3_file* file) {
        Open& open = of(file);
        if (open.delete_at_close != nullptr && !open.is_dead()) {
            open.files->files_.erase(*open.delete_at_close);
        }
        delete open.delete_at_close;
        delete open.mapped;
        delete open.owner;
        return SQLITE_OK;
    }

    static int read(sqlite3_file* file, void* buffer, int size, sqlite3_int64 offset) {
        Open& open = of(file);
        if (open.is_dead() || open.files->next_call_fails()) return SQLITE_IOERR_READ;
        const std::string& now = open.file->now;
        const auto begin = std::min(static_cast<std::size_t>(offset), now.size());
        const auto length = std::min(static_cast<std::size_t>(size), now.size() - begin);
        std::memcpy(buffer, now.data() + begin, length);
        if (length == static_cast<std::size_t>(size)) return SQLITE_OK;
        std::memset(static_cast<char*>(buffer) + length, 0,
                    static_cast<std::size_t>(size) - length);
        return SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file* file, const void* buffer, int size, sqlite3_int64 offset) {
        Open& open = of(file);
        if (open.is_dead() || open.files->read_only_ || open.files->next_call_fails()) {
            return SQLITE_IOERR_WRITE;
        }
        const auto begin = static_cast<std::size_t>(offset);
        const std::size_t end = begin + static_cast<std::size_t>(size);
        std::string& now = open.file->now;
        if (end > now.size()) {
            if (open.files->size() + end - now.size() > open.files->size_max_) return SQLITE_FULL;
            now.resize(end);
        }
        std::memcpy(now.data() + begin, buffer, static_cast<std::size_t>(size));
        mark(*open.file, begin, end);
        return SQLITE_OK;
    }

    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        Open& open = of(file);
        if (open.is_dead() || open.files->next_call_fails()) return SQLITE_IOERR_TRUNCATE;
        const std::size_t old = open.file->now.size();
        open.file->now.resize(static_cast<std::size_t>(size));
        mark(*open.file, static_cast<std::size_t>(size), old);
        return SQLITE_OK;
    }

    static int sync(sqlite3_file* file, int) {
        Open& open = of(file);
        if (open.is_dead() || open.files->next_call_fails()) return SQLITE_IOERR_FSYNC;
        copy_unsynced(*open.file);
        open.file->was_synced = true;
        return SQLITE_OK;
    }

    static int file_size(sqlite3_file* file, sqlite3_int64* size) {
        *size = static_cast<sqlite3_int64>(of(file).file->now.size());
        return SQLITE_OK;
    }

    static int lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int check_lock(sqlite3_file*, int* is_locked) {
        *is_locked = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sector_size(sqlite3_file*) { return static_cast<int>(kSector); }
    static int characteristics(sqlite3_file*) { return 0; }

    static int shm_map(sqlite3_file* file, int region, int size, int extend,
                       void volatile** memory) {
        auto& shm = of(file).file->shm;
        const auto index = static_cast<std::size_t>(region);
        *memory = nullptr;
        if (index >= shm.size()) {
            if (extend == 0) return SQLITE_OK;
            shm.resize(index + 1);
        }
        if (shm[index] == nullptr)
            shm[index] = std::make_shared<std::string>(static_cast<std::size_t>(size), '\0');
        of(file).mapped->push_back(shm[index]);
        *memory = shm[index]->data();
        return SQLITE_OK;
    }
    static int shm_lock(sqlite3_file*, int, int, int) { return SQLITE_OK; }
    static void shm_barrier(sqlite3_file*) {}
    static int shm_unmap(sqlite3_file* file, int is_deleted) {
        if (is_deleted != 0) of(file).file->shm.clear();
        return SQLITE_OK;
    }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int*) {
        static const sqlite3_io_methods kMethods = {2,
                                                    close,
                                                    read,
                                                    write,
                                                    truncate,
                                                    sync,
                                                    file_size,
                                                    lock,
                                                    lock,
                                                    check_lock,
                                                    control,
                                                    sector_size,
                                                    characteristics,
                                                    shm_map,
                                                    shm_lock,
                                                    shm_barrier,
                                                    shm_unmap,
                                                    nullptr,
                                                    nullptr};
        FaultyFiles& files = of(vfs);
        Open& made = of(file);
        made.base.pMethods = nullptr;
        const std::string name = path == nullptr ? "temporary" : path;
        auto& known = files.files_[name];
        if (known == nullptr) {
            if ((flags & SQLITE_OPEN_CREATE) == 0 || files.read_only_) {
                files.files_.erase(name);
                return SQLITE_CANTOPEN;
            }
            known = std::make_shared<FaultyFiles::File>();
        }
        made.files = &files;
        made.file = known.get();
        made.owner = new std::shared_ptr<FaultyFiles::File>(known);
        made.generation = files.generation_;
        made.delete_at_close =
            (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 ? new std::string(name) : nullptr;
        made.mapped = new std::vector<std::shared_ptr<std::string>>;
        made.base.pMethods = &kMethods;
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* path, int) {
        of(vfs).files_.erase(path);
        return SQLITE_OK;
    }
    static int access(sqlite3_vfs* vfs, const char* path, int, int* is_there) {
        *is_there = of(vfs).files_.count(path) != 0 ? 1 : 0;
        return SQLITE_OK;
    }
    static int full_path(sqlite3_vfs*, const char* path, int size, char* full) {
        sqlite3_snprintf(size, full, "%s", path);
        return SQLITE_OK;
    }
    static int randomness(sqlite3_vfs* vfs, int size, char* bytes) {
        for (int i = 0; i < size; ++i) bytes[i] = static_cast<char>(of(vfs).random_());
        return size;
    }
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
    static int time(sqlite3_vfs*, sqlite3_int64* milliseconds) {
        *milliseconds = 0;
        return SQLITE_OK;
    }
    static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

FaultyFiles::FaultyFiles(std::uint64_t seed)
    : name_("faulty-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))),
      vfs_(std::make_unique<sqlite3_vfs>()),
      random_(seed) {
    vfs_->iVersion = 2;
    vfs_->szOsFile = sizeof(FaultyCalls::Open);
    vfs_->mxPathname = 512;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = this;
    vfs_->xOpen = FaultyCalls::open;
    vfs_->xDelete = FaultyCalls::remove;
    vfs_->xAccess = FaultyCalls::access;
    vfs_->xFullPathname = FaultyCalls::full_path;
    vfs_->xRandomness = FaultyCalls::randomness;
    vfs_->xSleep = FaultyCalls::sleep;
    vfs_->xCurrentTimeInt64 = FaultyCalls::time;
    vfs_->xGetLastError = FaultyCalls::last_error;
    sqlite3_vfs_register(vfs_.get(), 0);
}

FaultyFiles::~FaultyFiles() { sqlite3_vfs_unregister(vfs_.get()); }

void FaultyFiles::fail_call(std::uint64_t number, bool for_good) {
    calls_ = 0;
    failing_call_ = number;
    fails_for_good_ = for_good;
}

bool FaultyFiles::next_call_fails() {
    ++calls_;
    return failing_call_ != 0 &&
           (calls_ == failing_call_ || (fails_for_good_ && calls_ > failing_call_));
}

std::size_t FaultyFiles::size() const {
    std::size_t bytes = 0;
    for (const auto& [path, file] : files_) bytes += file->now.size();
    return bytes;
}

void FaultyFiles::lose_process() {
    ++generation_;
    for (auto& [path, file] : files_) {
        auto kept = std::make_shared<File>(*file);
        kept->shm.clear();
        file = std::move(kept);
    }
}

void FaultyFiles::lose_power() {
    ++generation_;
    std::map<std::string, std::shared_ptr<File>> left;
    for (const auto& [path, file] : files_) {
        if (!file->was_synced && random_() % 2 == 0) continue;
        auto kept = std::make_shared<File>();
        kept->now = file->synced;
        for (std::size_t sector = 0; sector < file->unsynced.size(); ++sector) {
            const std::size_t begin = sector * kSector;
            if (!file->unsynced[sector] || random_() % 2 == 0 || begin >= file->now.size())
                continue;
            const std::size_t length = std::min(kSector, file->now.size() - begin);
            if (kept->now.size() < begin + length) kept->now.resize(begin + length);
            file->now.copy(kept->now.data() + begin, length, begin);
        }
        kept->synced = kept->now;
        kept->was_synced = true;
        left.emplace(path, std::move(kept));
    }
    files_ = std::move(left);
}

}  // namespace cron::ledger
