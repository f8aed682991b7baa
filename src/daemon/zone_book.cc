#include "daemon/zone_book.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "base/unique_fd.h"
#include "spool/tables.h"

namespace cron::daemon {
namespace {

// Each is a file of the zoneinfo folder, which has fewer.
constexpr std::size_t kNamedMax = 5'000;

std::optional<spool::Stamp> stamp_at(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return spool::stamp_of(status);
}

}  // namespace

ZoneBook::Mark ZoneBook::mark_of(const std::optional<spool::Stamp>& stamp, Instant now) {
    if (!stamp) return {std::nullopt, true};
    return {stamp, now.time_since_epoch() >= seconds(stamp->changed.tv_sec) + spool::kSettled};
}

// Where the daemon's zone comes from. A rule in TZ is no file, and neither is UTC: then there is
// nothing at that path.
std::string ZoneBook::own_path() const {
    if (!sources_.tz) return sources_.localtime;
    std::string_view tz = *sources_.tz;
    if (!tz.empty() && tz.front() == ':') tz.remove_prefix(1);
    if (tz.empty() || tz.front() == '/') return std::string(tz);
    return fmt::format("{}/{}", sources_.zoneinfo_dir, tz);
}

ZoneBook::News ZoneBook::look(Instant now, bool anew) {
    News news;
    if (anew) told_.clear();
    look_at_own(now, anew, news);
    for (auto& [name, known] : named_) news.named = refresh(name, known, now) || news.named;
    return news;
}

void ZoneBook::look_at_own(Instant now, bool anew, News& news) {
    const std::string path = own_path();
    if (path.empty()) return;
    watched_.clear();
    const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto found =
        spool::find(spool::Folder{root.get(), "/"}, path, spool::Links::followed, 0, watched_);
    const Mark mark =
        mark_of(found ? std::optional(spool::stamp_of(found->status)) : std::nullopt, now);
    if (!own_mark_) has_file_ = found.has_value();
    const bool is_same = own_mark_ == mark && mark.is_settled;
    own_mark_ = mark;
    if (found) {
        if (!is_same || anew || !told_.empty()) load_own(news);
    } else if (has_file_) {
        // glibc would fall back to UTC: what is only being replaced must not do that to jobs.
        tell(fmt::format("{}: {}", path, found.error().detail), news);
    }
}

void ZoneBook::load_own(News& news) {
    auto zone = zones::local_zone(sources_);
    if (!zone) return tell(zone.error().message, news);
    told_.clear();
    has_file_ = true;
    if (*zone == own_) return;
    news.before = own_.name();
    own_ = *std::move(zone);
    news.own = own_;
}

void ZoneBook::tell(const std::string& trouble, News& news) {
    if (trouble == told_) return;
    news.trouble = told_ = trouble;
}

Result<calendar::Zone> ZoneBook::find(std::string_view name) {
    const auto known = named_.find(name);
    if (known != named_.end()) return known->second.zone;
    auto zone = zones::find_zone(name, sources_);
    if (!zone || named_.size() == kNamedMax) return zone;
    // A rule has no file. One that was read before it was looked at is read once more.
    const auto stamp = stamp_at(fmt::format("{}/{}", sources_.zoneinfo_dir, zone->name()));
    if (stamp) named_.emplace(name, Named{*zone, Mark{stamp, false}});
    return zone;
}

// Whether the zone has other data now.
bool ZoneBook::refresh(const std::string& name, Named& known, Instant now) const {
    const Mark mark =
        mark_of(stamp_at(fmt::format("{}/{}", sources_.zoneinfo_dir, known.zone.name())), now);
    if (known.mark == mark && mark.is_settled) return false;
    known.mark = mark;
    auto zone = zones::find_zone(name, sources_);
    if (!zone || *zone == known.zone) return false;
    known.zone = *std::move(zone);
    return true;
}

}  // namespace cron::daemon
