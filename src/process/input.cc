#include "process/input.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace cron::process {

Result<UniqueFd> make_input(std::string_view text) {
    UniqueFd fd(memfd_create("cron-input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return system_failure(errno, "memfd_create", "");
    while (!text.empty()) {
        const ssize_t written = write(fd.get(), text.data(), text.size());
        if (written < 0) return system_failure(errno, "write", "the input of a job");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
    if (fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0)
        return system_failure(errno, "seal", "the input of a job");
    if (lseek(fd.get(), 0, SEEK_SET) != 0)
        return system_failure(errno, "lseek", "the input of a job");
    return fd;
}

}  // namespace cron::process
