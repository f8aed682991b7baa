#include "ledger/marks.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace cron::ledger {
namespace {

constexpr char kMagic[8] = {'b', 'f', 'r', 'y', 'm', 'r', 'k', '1'};
constexpr std::size_t kIdBytes = 40;
constexpr std::size_t kSlotsAtFirst = 1'024;
constexpr std::size_t kSlotsMax = std::size_t{1} << 22;

void copy_id(char (&to)[kIdBytes], const std::string& id) {
    std::memset(to, 0, kIdBytes);
    std::memcpy(to, id.data(), std::min(id.size(), kIdBytes));
}

bool is_id(const char (&there)[kIdBytes], const std::string& id) {
    char wanted[kIdBytes];
    copy_id(wanted, id);
    return !id.empty() && std::memcmp(there, wanted, kIdBytes) == 0;
}

}  // namespace

struct Marks::Header {
    char magic[8];
    char boot_id[kIdBytes];
    char ledger_id[kIdBytes];
    std::uint64_t is_incomplete;
    std::uint64_t pid_namespace;
    char rest[24];
};

struct Marks::Slot {
    std::uint64_t is_set;
    ContentHash name;
    Mark mark;
};

Marks::Marks(Marks&& other) noexcept
    : file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      ledger_id_(std::move(other.ledger_id_)),
      goes_on_(other.goes_on_),
      memory_(std::exchange(other.memory_, nullptr)),
      slots_(std::exchange(other.slots_, 0)),
      places_(std::move(other.places_)),
      free_(std::move(other.free_)) {}

Marks& Marks::operator=(Marks&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(path_, other.path_);
    std::swap(ledger_id_, other.ledger_id_);
    std::swap(goes_on_, other.goes_on_);
    std::swap(memory_, other.memory_);
    std::swap(slots_, other.slots_);
    std::swap(places_, other.places_);
    std::swap(free_, other.free_);
    return *this;
}

Marks::~Marks() {
    if (memory_ != nullptr) munmap(memory_, sizeof(Header) + slots_ * sizeof(Slot));
}

Marks::Header& Marks::header() const { return *static_cast<Header*>(memory_); }

Marks::Slot& Marks::slot(std::size_t place) const {
    auto* const slots = reinterpret_cast<Slot*>(static_cast<char*>(memory_) + sizeof(Header));
    return slots[place];
}

Result<Marks> Marks::open(const Options& options) {
    static_assert(sizeof(Header) == 128 && sizeof(Slot) == 64);
    Marks marks;
    marks.path_ = options.path;
    marks.ledger_id_ = options.ledger_id;
    marks.file_.reset(
        ::open(options.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!marks.file_) return system_failure(errno, "open", options.path);
    marks.goes_on_ = marks.read(options);
    if (marks.goes_on_) return marks;
    if (auto begun = marks.begin(options); !begun) return tl::unexpected(begun.error());
    return marks;
}

// Reads a file of this boot and ledger. False: it is to be begun anew.
bool Marks::read(const Options& options) {
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) return false;
    const auto bytes = static_cast<std::size_t>(status.st_size);
    if (bytes < sizeof(Header) + sizeof(Slot)) return false;
    const std::size_t slots = std::min((bytes - sizeof(Header)) / sizeof(Slot), kSlotsMax);
    if (!map(slots)) return false;
    const bool is_ours = std::memcmp(header().magic, kMagic, sizeof kMagic) == 0 &&
                         is_id(header().boot_id, options.boot_id) &&
                         is_id(header().ledger_id, options.ledger_id);
    if (!is_ours) return false;
    for (std::size_t place = 0; place < slots_; ++place) {
        if (slot(place).is_set != 0) {
            places_[slot(place).name] = place;
        } else {
            free_.push_back(place);
        }
    }
    enter(options.pid_namespace);
    return true;
}

// A file of a version before this one tells none; it was no container's then.
void Marks::enter(std::uint64_t pid_namespace) {
    const bool is_other = header().pid_namespace != 0 && header().pid_namespace != pid_namespace;
    for (const auto& [name, place] : places_) {
        Mark& mark = slot(place).mark;
        if (is_other && mark.pid != 0) mark.pid = kElsewhere;
    }
    // Who kills us here has the next one find the same.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    header().pid_namespace = pid_namespace;
}

Result<void> Marks::begin(const Options& options) {
    if (memory_ != nullptr) munmap(memory_, sizeof(Header) + slots_ * sizeof(Slot));
    memory_ = nullptr;
    if (ftruncate(file_.get(), 0) != 0) return system_failure(errno, "truncate", path_);
    if (auto mapped = map(kSlotsAtFirst); !mapped) return mapped;
    for (std::size_t place = slots_; place > 0; --place) free_.push_back(place - 1);
    copy_id(header().boot_id, options.boot_id);
    copy_id(header().ledger_id, options.ledger_id);
    header().pid_namespace = options.pid_namespace;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    std::memcpy(header().magic, kMagic, sizeof kMagic);
    return {};
}

// The blocks are there before they are written: a full disk must not kill us with SIGBUS.
Result<void> Marks::map(std::size_t slots) {
    const std::size_t bytes = sizeof(Header) + slots * sizeof(Slot);
    const int error = posix_fallocate(file_.get(), 0, static_cast<off_t>(bytes));
    if (error != 0) return system_failure(error, "allocate", path_);
    void* const memory =
        memory_ == nullptr
            ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0)
            : mremap(memory_, sizeof(Header) + slots_ * sizeof(Slot), bytes, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) return system_failure(errno, "map", path_);
    memory_ = memory;
    slots_ = slots;
    return {};
}

bool Marks::is_complete() const { return header().is_incomplete == 0; }

void Marks::give_up() { header().is_incomplete = 1; }

// The id of the ledger is known to root alone: nobody can choose a job whose name is another's.
ContentHash Marks::name_of(const engine::RunKey& key, std::uint32_t attempt) const {
    std::string bytes = ledger_id_;
    const auto add = [&](std::uint64_t number) {
        bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    add(static_cast<std::uint64_t>(key.due.time_since_epoch().count()));
    add(key.pass);
    add(attempt);
    bytes += key.job.bytes();
    return content_hash(bytes);
}

Result<std::size_t> Marks::free_slot() {
    if (free_.empty()) {
        const std::size_t before = slots_;
        if (before >= kSlotsMax) return failure(ErrorCode::limit, "there are too many marks");
        if (auto mapped = map(before * 2); !mapped) return tl::unexpected(mapped.error());
        for (std::size_t place = slots_; place > before; --place) free_.push_back(place - 1);
    }
    const std::size_t place = free_.back();
    free_.pop_back();
    return place;
}

Result<void> Marks::set(const engine::RunKey& key, std::uint32_t attempt) {
    const ContentHash name = name_of(key, attempt);
    const auto known = places_.find(name);
    Mark none;
    if (known != places_.end()) {
        slot(known->second).mark = none;  // its start failed, and is tried again
        return {};
    }
    const auto place = free_slot();
    if (!place) return tl::unexpected(place.error());
    places_[name] = *place;
    Slot& slot = this->slot(*place);
    slot.name = name;
    slot.mark = none;
    // Who kills us here leaves no half of a mark.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    slot.is_set = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    return {};
}

void Marks::add_process(const engine::RunKey& key, std::uint32_t attempt, const Mark& mark) {
    const auto place = places_.find(name_of(key, attempt));
    if (place != places_.end()) slot(place->second).mark = mark;
}

std::optional<Mark> Marks::find(const engine::RunKey& key, std::uint32_t attempt) const {
    const auto place = places_.find(name_of(key, attempt));
    if (place == places_.end()) return std::nullopt;
    return slot(place->second).mark;
}

void Marks::clear(const engine::RunKey& key, std::uint32_t attempt) {
    const auto place = places_.find(name_of(key, attempt));
    if (place == places_.end()) return;
    slot(place->second).is_set = 0;
    free_.push_back(place->second);
    places_.erase(place);
}

}  // namespace cron::ledger
