// A damaged database must not keep jobs from running, nor be lost: it is set aside.
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "ledger/store.h"

namespace cron::ledger {
namespace {

constexpr int kSetAsideMax = 100;  // names tried

// Nothing is overwritten: where somebody else takes the name in between, link() says so.
Result<std::string> free_name(const std::string& path) {
    for (int number = 1; number <= kSetAsideMax; ++number) {
        std::string name = fmt::format("{}.damaged-{}", path, number);
        std::FILE* file = std::fopen(name.c_str(), "wxe");
        if (file != nullptr) {
            std::fclose(file);
            return name;
        }
        if (errno != EEXIST) return system_failure(errno, "create", name);
    }
    return failure(ErrorCode::limit,
                   fmt::format("there are {} damaged databases already", kSetAsideMax));
}

// The write-ahead log goes with its database: what it holds may be mended by hand.
Result<std::string> set_aside(const std::string& path) {
    auto name = free_name(path);
    if (!name) return name;
    if (std::rename(path.c_str(), name->c_str()) != 0) {
        return system_failure(errno, "rename", path);
    }
    const std::string log = path + "-wal";
    if (std::rename(log.c_str(), (*name + "-wal").c_str()) != 0 && errno != ENOENT) {
        return system_failure(errno, "rename", log);
    }
    if (std::remove((path + "-shm").c_str()) != 0 && errno != ENOENT) {
        return system_failure(errno, "remove", path + "-shm");
    }
    return name;
}

}  // namespace

Result<Opening> open_or_replace(const Store::Options& options) {
    auto store = Store::open(options);
    if (store) return Opening{*std::move(store), std::nullopt};
    if (store.error().code != ErrorCode::damaged) return tl::unexpected(store.error());
    auto name = set_aside(options.path);
    if (!name) return tl::unexpected(name.error());
    auto fresh = Store::open(options);
    if (!fresh) return tl::unexpected(fresh.error());
    return Opening{*std::move(fresh), *std::move(name)};
}

}  // namespace cron::ledger
