#include "process/output.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "process/job_orders.h"
#include "process/private_folder.h"
#include "process/session.h"

namespace cron::process {
namespace {

// On a full disk an empty file can still be made. So room for so much is taken at birth, from what
// the file system keeps for root if need be: there the error is ours, later it would be the job's.
constexpr off_t kReservedBytes = 16 << 10;

std::string name_of(std::uint64_t tag, engine::RunNumber run, OutputPart part) {
    std::string name = fmt::format("{:016x}-{}", tag, run);
    switch (part) {
        case OutputPart::all:
            break;
        case OutputPart::errors:
            name += "-errors";
            break;
        case OutputPart::hook:
            name += "-hook";
            break;
        case OutputPart::session:
            name += "-session";
            break;
    }
    return name;
}

Result<void> hand_over(int fd, const Identity& owner, const std::string& name) {
    // The job may open it again by /dev/stdout, with its own rights.
    if (fchown(fd, owner.uid, owner.gid) != 0) return system_failure(errno, "fchown", name);
    return {};
}

Result<UniqueFd> create_in_memory(const Identity& owner) {
    const std::string name = "output in memory";
    UniqueFd fd(memfd_create("cron-output", MFD_CLOEXEC));
    if (!fd) return system_failure(errno, "memfd_create", name);
    if (fchmod(fd.get(), 0600) != 0) return system_failure(errno, "fchmod", name);
    if (fcntl(fd.get(), F_SETFL, O_APPEND) != 0) return system_failure(errno, "fcntl", name);
    const auto handed = hand_over(fd.get(), owner, name);
    if (!handed) return tl::unexpected(handed.error());
    return fd;
}

// Bytes from `offset` on, fewer than asked for where the file ends.
Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t bytes) {
    std::string text(bytes, '\0');
    std::size_t filled = 0;
    while (filled < bytes) {
        const ssize_t count =
            pread(fd, text.data() + filled, bytes - filled, static_cast<off_t>(offset + filled));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure(errno, "read", "the output of a run");
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
    return text;
}

}  // namespace

OutputName::~OutputName() {
    if (folder_fd_ >= 0) unlinkat(folder_fd_, name_.c_str(), 0);
}

std::string join_ends(std::string_view head, std::string_view tail, std::uint64_t total_bytes) {
    const std::size_t last_line_end = head.rfind('\n');
    if (last_line_end != std::string_view::npos) head = head.substr(0, last_line_end + 1);
    const std::size_t first_line_end = tail.find('\n');
    if (first_line_end != std::string_view::npos && first_line_end + 1 < tail.size()) {
        tail.remove_prefix(first_line_end + 1);
    }
    const std::string_view line_end = head.empty() || head.back() == '\n' ? "" : "\n";
    return fmt::format("{}{}[{} bytes are left out here]\n{}", head, line_end,
                       total_bytes - head.size() - tail.size(), tail);
}

Result<std::uint64_t> OutputFile::size_bytes() const {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0)
        return system_failure(errno, "fstat", "the output of a run");
    return static_cast<std::uint64_t>(status.st_size);
}

bool OutputFile::has_writes() const {
    struct stat status {};
    return fstat(fd_.get(), &status) == 0 && status.st_size > 0 && status.st_mtime != 0;
}

void OutputFile::forget_writes() {
    // A time that no write leaves.
    constexpr timespec kTimes[2] = {{0, UTIME_OMIT}, {0, 0}};
    static_cast<void>(futimens(fd_.get(), kTimes));
}

Result<std::uint64_t> OutputFile::keep_within(std::uint64_t bytes_max) {
    const auto size = size_bytes();
    if (!size) return size;
    // The job may have emptied its file and begun anew.
    if (*size < left_out_end_) left_out_begin_ = left_out_end_ = 0;
    if (*size <= bytes_max) return size;
    const std::uint64_t begin = bytes_max / 2;
    const std::uint64_t end = *size - (bytes_max - begin);
    if (end == left_out_end_) return size;
    // From its beginning: the blocks that were left out in part so far can go too.
    if (fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                  static_cast<off_t>(end - begin)) != 0) {
        return system_failure(errno, "fallocate", "the output of a run");
    }
    left_out_begin_ = begin;
    left_out_end_ = end;
    return size;
}

void OutputFile::find_left_out(std::uint64_t bytes_max) {
    const auto size = size_bytes();
    const std::uint64_t begin = bytes_max / 2;
    if (!size || *size <= bytes_max) return;
    // A hole is of whole blocks; what was taken out of those beside it reads as zeros.
    constexpr off_t kBlockBytesMax = 64 << 10;
    const off_t hole = lseek(fd_.get(), static_cast<off_t>(begin), SEEK_HOLE);
    if (hole < 0 || hole > static_cast<off_t>(begin) + kBlockBytesMax) return;
    const off_t data = lseek(fd_.get(), hole, SEEK_DATA);
    if (data < 0) return;
    const auto block = read_at(fd_.get(), static_cast<std::uint64_t>(data), kBlockBytesMax);
    const std::size_t zeros = block ? std::min(block->find_first_not_of('\0'), block->size()) : 0;
    left_out_begin_ = begin;
    left_out_end_ = static_cast<std::uint64_t>(data) + zeros;
}

Result<OutputFile> OutputFile::duplicate() const {
    UniqueFd fd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!fd) return system_failure(errno, "dup", "the output of a run");
    OutputFile same(std::move(fd), OutputName(), problem_);
    same.left_out_begin_ = left_out_begin_;
    same.left_out_end_ = left_out_end_;
    return same;
}

Result<OutputText> OutputFile::read(std::size_t bytes_max) const {
    const auto total = size_bytes();
    if (!total) return tl::unexpected(total.error());
    const bool is_whole = left_out_bytes() == 0 || *total < left_out_end_;
    if (is_whole && *total <= bytes_max) {
        auto whole = read_at(fd_.get(), 0, static_cast<std::size_t>(*total));
        if (!whole) return tl::unexpected(whole.error());
        return OutputText{std::move(*whole), *total};
    }
    const std::uint64_t end_bytes = bytes_max / 2;
    const std::uint64_t head_bytes = is_whole ? end_bytes : std::min(end_bytes, left_out_begin_);
    const std::uint64_t tail_bytes =
        is_whole ? end_bytes : std::min(end_bytes, *total - left_out_end_);
    const auto head = read_at(fd_.get(), 0, static_cast<std::size_t>(head_bytes));
    if (!head) return tl::unexpected(head.error());
    const auto tail = read_at(fd_.get(), *total - tail_bytes, static_cast<std::size_t>(tail_bytes));
    if (!tail) return tl::unexpected(tail.error());
    return OutputText{join_ends(*head, *tail, *total), *total};
}

Result<OutputFolder> OutputFolder::open(const std::string& path) {
    auto fd = open_private_folder(path);
    if (!fd) return tl::unexpected(fd.error());
    std::uint64_t tag = 0;
    if (getrandom(&tag, sizeof tag, 0) != sizeof tag)
        return system_failure(errno, "getrandom", path);
    return OutputFolder(*std::move(fd), tag, path);
}

OutputFolder::Left OutputFolder::left_behind() const {
    Left left;
    DIR* folder = fd_ ? fdopendir(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)) : nullptr;
    if (folder == nullptr) return left;
    while (const dirent* entry = readdir(folder)) {
        struct stat status {};
        if (fstatat(fd_.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(status.st_mode)) continue;
        ++left.files;
        left.bytes += static_cast<std::uint64_t>(status.st_size);
    }
    closedir(folder);
    return left;
}

Result<OutputFile> OutputFolder::create(engine::RunNumber run, const Identity& owner,
                                        OutputPart part) const {
    std::optional<Error> problem;
    if (fd_) {
        auto file = create_in_folder(name_of(tag_, run, part), owner);
        if (file) return file;
        problem = std::move(file.error());
    }
    auto memory = create_in_memory(owner);
    if (!memory) return tl::unexpected(memory.error());
    return OutputFile(std::move(*memory), OutputName(), std::move(problem));
}

Result<OutputFile> OutputFolder::reopen(std::uint64_t tag, engine::RunNumber run,
                                        OutputPart part) const {
    const std::string name = name_of(tag, run, part);
    const std::string path = fmt::format("{}/{}", path_, name);
    // Not to wait: the file is the user's, who may hold a lease on it.
    constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    UniqueFd fd(openat(fd_.get(), name.c_str(), kFlags));
    if (!fd) return system_failure(errno, "open", path);
    struct stat status {};
    if (fstat(fd.get(), &status) != 0) return system_failure(errno, "fstat", path);
    if (!S_ISREG(status.st_mode)) return failure(ErrorCode::denied, path + " is no regular file");
    return OutputFile(std::move(fd), OutputName(fd_.get(), name), std::nullopt);
}

Result<SessionFile> OutputFolder::create_session(engine::RunNumber run) const {
    const std::string name = name_of(tag_, run, OutputPart::session);
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(fd_ ? openat(fd_.get(), name.c_str(), kFlags, 0600) : -1);
    if (!fd) return SessionFile::in_memory();
    OutputName owned(fd_.get(), name);
    // On a full disk there must be room for it.
    const SessionRecord nothing;
    if (pwrite(fd.get(), &nothing, sizeof nothing, 0) != sizeof nothing) {
        return SessionFile::in_memory();
    }
    return SessionFile(std::move(fd), std::move(owned));
}

std::optional<SessionFile> OutputFolder::reopen_session(std::uint64_t tag,
                                                        engine::RunNumber run) const {
    const std::string name = name_of(tag, run, OutputPart::session);
    UniqueFd fd(openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return std::nullopt;
    return SessionFile(std::move(fd), OutputName(fd_.get(), name));
}

OutputFile OutputFolder::take_over(UniqueFd fd, const OutputState& state) const {
    OutputName name;
    if (!state.name.empty()) name = OutputName(fd_.get(), state.name);
    OutputFile file(std::move(fd), std::move(name), std::nullopt);
    file.left_out_begin_ = state.left_out_begin;
    file.left_out_end_ = state.left_out_end;
    return file;
}

Result<OutputFile> OutputFolder::create_in_folder(const std::string& name,
                                                  const Identity& owner) const {
    const std::string path = fmt::format("{}/{}", path_, name);
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(openat(fd_.get(), name.c_str(), kFlags, 0600));
    if (!fd) return system_failure(errno, "create", path);
    OutputName owned(fd_.get(), name);
    const auto handed = hand_over(fd.get(), owner, path);
    if (!handed) return tl::unexpected(handed.error());
    if (fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, kReservedBytes) != 0 && errno != EOPNOTSUPP) {
        return system_failure(errno, "fallocate", path);
    }
    return OutputFile(std::move(fd), std::move(owned), std::nullopt);
}

}  // namespace cron::process
