#include "daemon/print.h"

#include "spool/whole_text.h"

namespace cron::daemon {

void print(int fd, std::string_view text) {
    static_cast<void>(spool::write_all(fd, text, "who called"));
}

}  // namespace cron::daemon
