// Who may use `crontab`: cron.allow and cron.deny. Source: crontab(1) of Debian's cron and of
// cronie.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "crontab/table.h"

namespace cron::spool {

struct PermissionFiles {
    std::string allow;  // /etc/cron.allow
    std::string deny;   // /etc/cron.deny
};

// Nothing, if `user` may; else an error of code denied that names the file. Where there is neither
// file the flavour decides: all may (debian), or root alone (cronie). A file that is there and
// cannot be read denies. Root always may.
Result<void> may_use_crontab(const PermissionFiles& files, std::string_view user, bool is_root,
                             crontab::Flavour flavour);

}  // namespace cron::spool
