#include "base/unique_fd.h"

#include <unistd.h>

namespace cron {

void UniqueFd::reset(int fd) noexcept {
    // close() is not tried again on EINTR: on Linux the descriptor is gone whatever it returns.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

}  // namespace cron
