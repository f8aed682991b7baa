#include "ctl/output.h"

#include <cerrno>
#include <utility>

#include "spool/whole_text.h"

namespace cron::ctl {

void Output::flush() {
    if (!is_open() || buffer_.empty()) return;
    if (auto written = write_(buffer_); !written) failure_ = std::move(written.error());
    buffer_.clear();
}

bool Output::has_no_reader() const { return failure_ && failure_->system_errno == EPIPE; }

Output::Write to_descriptor(int fd, std::string name) {
    return [fd, name = std::move(name)](std::string_view text) -> Result<void> {
        return spool::write_all(fd, text, name);
    };
}

}  // namespace cron::ctl
