// From wall-clock matches to due instants, period by period: within a period of a zone both clocks
// run together.
//
// A wildcard schedule is due wherever the wall clock reads a match. A fixed one is due once for
// each match: at the first instant that reads it or, where none does, at the first that has passed
// it. So within a period the readings of earlier periods do not count, and at its begin counts what
// the clock skipped.

#include <algorithm>

#include "calendar/span.h"
#include "schedule/match.h"
#include "schedule/schedule.h"

namespace cron::schedule {
namespace {

using calendar::Period;
using calendar::Zone;
using std::chrono::sys_seconds;

// Between which searches stay.
using calendar::kEarliest;
using calendar::kLatest;
// No zone is further from UTC (RFC 8536 allows less), so an instant whose clock reads L is within
// this of L.
constexpr seconds kOffsetMax = hours{26};

sys_seconds as_instant(Local local, seconds offset) {
    return sys_seconds{local.time_since_epoch() - offset};
}

// A period of a zone within the years searched, and what its clock reads: [local_begin, local_end).
struct Reading {
    sys_seconds begin{};
    sys_seconds end{};
    seconds offset{};

    Local at(sys_seconds instant) const { return Local{instant.time_since_epoch() + offset}; }
    Local local_begin() const { return at(begin); }
    Local local_end() const { return at(end); }
    sys_seconds instant_of(Local local) const { return as_instant(local, offset); }
    bool reads(Local local) const { return local >= local_begin() && local < local_end(); }
};

// The first match at or after `from`: the same for every later time up to it.
struct Known {
    Local from;
    std::optional<Local> match;

    bool holds_from(Local later) const { return later >= from && (!match || later <= *match); }
};

// A fixed or wildcard schedule of fields in a zone.
class FieldSearch {
  public:
    FieldSearch(const Schedule& schedule, const Zone& zone)
        : fields_(schedule.fields()), zone_(zone), wildcard_(schedule.is_wildcard()) {}

    // The first due instant at or after `cursor`.
    std::optional<sys_seconds> first_from(sys_seconds cursor) const {
        std::optional<Known> known;
        while (cursor < kLatest) {
            const Reading period = reading_at(cursor);
            if (cursor == period.begin && is_due_for_skipped(period)) return cursor;
            const Local from = period.at(cursor);
            if (!known || !known->holds_from(from)) known = Known{from, first_match(fields_, from)};
            const std::optional<Local> match = first_unread(period, known->match);
            if (match && *match < period.local_end()) return period.instant_of(*match);
            cursor = period.end;
            // Once no clock can read less than `from` again, nothing is due before one reads the
            // match.
            if (cursor - kOffsetMax >= as_instant(from, {})) {
                if (!match) return std::nullopt;
                cursor = std::max(cursor, as_instant(*match, kOffsetMax));
            }
        }
        return std::nullopt;
    }

    // The last due instant at or before `cursor`.
    std::optional<sys_seconds> last_upto(sys_seconds cursor) const {
        while (cursor >= kEarliest) {
            const Reading period = reading_at(cursor);
            const Local upto = period.at(cursor);
            const std::optional<Local> match = last_match(fields_, upto);
            if (const auto unread = last_unread(period, match)) return period.instant_of(*unread);
            if (is_due_for_skipped(period)) return period.begin;
            cursor = period.begin - seconds{1};
            // As above, the other way round.
            if (cursor + kOffsetMax < as_instant(upto, {})) {
                if (!match) return std::nullopt;
                if (*match < period.local_begin()) {
                    cursor = std::min(cursor, as_instant(*match, -kOffsetMax));
                }
            }
        }
        return std::nullopt;
    }

    // How many due instants lie in [begin, end).
    std::uint64_t count(sys_seconds begin, sys_seconds end) const {
        std::uint64_t due = 0;
        for (sys_seconds cursor = begin; cursor < end;) {
            const Reading period = reading_at(cursor);
            const Local to = period.at(std::min(end, period.end));
            if (cursor == period.begin && is_due_for_skipped(period) &&
                count_unread(period, period.local_begin(), period.local_begin() + seconds{1}) ==
                    0) {
                ++due;
            }
            due += count_unread(period, period.at(cursor), to);
            cursor = period.end;
        }
        return due;
    }

  private:
    Reading reading_at(sys_seconds instant) const {
        const Period period = zone_.period_at(instant);
        return {std::max(period.begin, kEarliest), std::min(period.end, kLatest), period.offset};
    }

    // The latest of the periods before `period` that satisfies `claim`, among those that can read
    // `local` or later.
    template <class Claim>
    std::optional<Reading> before(const Reading& period, Local local, Claim claim) const {
        const sys_seconds limit = std::max(kEarliest, as_instant(local, kOffsetMax));
        for (sys_seconds end = period.begin; end > limit;) {
            const Reading earlier = reading_at(end - seconds{1});
            if (claim(earlier)) return earlier;
            end = earlier.begin;
        }
        return std::nullopt;
    }

    std::optional<Reading> read_before(const Reading& period, Local local) const {
        return before(period, local, [&](const Reading& earlier) { return earlier.reads(local); });
    }

    std::optional<Reading> read_after(const Reading& period, Local local) const {
        const sys_seconds limit = std::min(kLatest, as_instant(local, -kOffsetMax));
        for (sys_seconds begin = period.end; begin <= limit && begin < kLatest;) {
            const Reading later = reading_at(begin);
            if (later.reads(local)) return later;
            begin = later.end;
        }
        return std::nullopt;
    }

    // The first match at or after `match`, itself one, that counts in `period`; it may lie beyond
    // its end.
    std::optional<Local> first_unread(const Reading& period, std::optional<Local> match) const {
        while (!wildcard_ && match) {
            const std::optional<Reading> earlier = read_before(period, *match);
            if (!earlier) break;
            match = first_match(fields_, earlier->local_end());
        }
        return match;
    }

    // The last match at or before `match`, itself one, that counts in `period`.
    std::optional<Local> last_unread(const Reading& period, std::optional<Local> match) const {
        while (match && *match >= period.local_begin()) {
            if (wildcard_) return match;
            const std::optional<Reading> earlier = read_before(period, *match);
            if (!earlier) return match;
            match = last_match(fields_, earlier->local_begin() - seconds{1});
        }
        return std::nullopt;
    }

    // The local time from which on no period before `period` has read anything; at least `from`.
    Local unread_from(const Reading& period, Local from) const {
        before(period, from, [&](const Reading& earlier) {
            from = std::max(from, earlier.local_end());
            return false;
        });
        return from;
    }

    // How many matches in [from, to) count in `period`, which reads them all.
    std::uint64_t count_unread(const Reading& period, Local from, Local to) const {
        std::uint64_t unread = 0;
        if (!wildcard_) {
            const Local sure = std::min(to, unread_from(period, from));
            while (from < sure) {
                const std::optional<Local> match = first_unread(period, first_match(fields_, from));
                from = std::min(sure, match.value_or(sure));
                if (from < sure) {
                    ++unread;
                    from += seconds{1};
                }
            }
        }
        return unread + count_matches(fields_, from, to);
    }

    // Whether a fixed schedule is due at the begin of `period` for a match that the clock skipped
    // there: one that no earlier instant has read or passed, and no later one reads.
    bool is_due_for_skipped(const Reading& period) const {
        if (wildcard_ || period.begin == kEarliest) return false;
        const Local begin = reading_at(period.begin - seconds{1}).local_end();
        const Local end = period.local_begin();
        if (begin >= end) return false;
        std::optional<Local> match = first_match(fields_, begin);
        if (!match || *match >= end) return false;
        match = first_match(fields_, unread_from(period, begin));
        while (match && *match < end) {
            const std::optional<Reading> later = read_after(period, *match);
            if (!later) return true;
            match = first_match(fields_, later->local_end());
        }
        return false;
    }

    const Fields& fields_;
    const Zone& zone_;
    bool wildcard_;
};

// How many multiples of `interval` since the epoch lie in (.., instant], less those before the
// epoch.
seconds::rep multiples_upto(sys_seconds instant, seconds interval) {
    const seconds::rep count = instant.time_since_epoch() / interval;
    return instant.time_since_epoch() % interval < seconds{0} ? count - 1 : count;
}

sys_seconds last_multiple_upto(sys_seconds instant, seconds interval) {
    return sys_seconds{multiples_upto(instant, interval) * interval};
}

// The last whole second before `instant`.
sys_seconds second_before(Instant instant) { return floor_seconds(instant - microseconds{1}); }

}  // namespace

std::optional<Instant> next_after(const Schedule& schedule, const Zone& zone, Instant after) {
    if (after >= kLatest) return std::nullopt;
    const sys_seconds from = std::max(
        kEarliest, floor_seconds(std::max<Instant>(after, kEarliest - seconds{1})) + seconds{1});
    switch (schedule.kind()) {
        case Schedule::Kind::fields:
            return FieldSearch(schedule, zone).first_from(from);
        case Schedule::Kind::every: {
            const seconds interval = schedule.interval();
            const sys_seconds due = last_multiple_upto(from - seconds{1}, interval) + interval;
            return due < kLatest ? std::optional<Instant>(due) : std::nullopt;
        }
        case Schedule::Kind::reboot:
            break;
    }
    return std::nullopt;
}

std::optional<Instant> previous_before(const Schedule& schedule, const Zone& zone, Instant before) {
    if (before <= kEarliest) return std::nullopt;
    const sys_seconds upto = second_before(std::min<Instant>(before, kLatest));
    switch (schedule.kind()) {
        case Schedule::Kind::fields:
            return FieldSearch(schedule, zone).last_upto(upto);
        case Schedule::Kind::every: {
            const sys_seconds due = last_multiple_upto(upto, schedule.interval());
            return due >= kEarliest ? std::optional<Instant>(due) : std::nullopt;
        }
        case Schedule::Kind::reboot:
            break;
    }
    return std::nullopt;
}

std::uint64_t count_due(const Schedule& schedule, const Zone& zone, Instant after, Instant until) {
    // (after, until] in whole seconds is [begin, end).
    const auto next_second = [](Instant instant) {
        const Instant searched =
            std::clamp<Instant>(instant, kEarliest - seconds{1}, kLatest - seconds{1});
        return floor_seconds(searched) + seconds{1};
    };
    const sys_seconds begin = next_second(after);
    const sys_seconds end = next_second(until);
    if (begin >= end) return 0;
    switch (schedule.kind()) {
        case Schedule::Kind::fields:
            return FieldSearch(schedule, zone).count(begin, end);
        case Schedule::Kind::every: {
            const seconds interval = schedule.interval();
            return static_cast<std::uint64_t>(multiples_upto(end - seconds{1}, interval) -
                                              multiples_upto(begin - seconds{1}, interval));
        }
        case Schedule::Kind::reboot:
            break;
    }
    return 0;
}

}  // namespace cron::schedule
