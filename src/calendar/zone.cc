#include "calendar/zone.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "base/check.h"
#include "calendar/rule_cycle.h"

namespace cron::calendar {
namespace {

using std::chrono::sys_seconds;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
// Beyond this (70 billion years from 1970) a zone keeps the offset that it has there.
constexpr std::int64_t kFar = std::int64_t{1} << 61;

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::int64_t count(sys_seconds instant) { return instant.time_since_epoch().count(); }

sys_seconds to_sys(std::int64_t count) { return sys_seconds{seconds{count}}; }

// What `local` is in real time under `offset`, kept within what fits.
sys_seconds subtract(Local local, std::int64_t offset) {
    const std::int64_t reading = local.time_since_epoch().count();
    if (offset > 0 && reading < kMin + offset) return to_sys(kMin);
    if (offset < 0 && reading > kMax + offset) return to_sys(kMax);
    return to_sys(reading - offset);
}

}  // namespace

struct Zone::Data {
    std::string name;
    // From starts[i] to starts[i + 1] the offset is offsets[i]; neighbours differ.
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> offsets;
    // What holds in [cycle_begin, cycle_begin + kCycle) repeats from cycle_end on, and before
    // cycle_floor. Every instant outside of both is in the vectors as it is.
    std::int64_t cycle_begin = 0;
    std::int64_t cycle_end = kMax;
    std::int64_t cycle_floor = kMin;
    std::int64_t least_offset = 0;
    std::int64_t greatest_offset = 0;

    friend bool operator==(const Data&, const Data&) = default;

    explicit Data(std::string zone_name) : name(std::move(zone_name)) {}

    void append(std::int64_t at, std::int64_t offset) {
        if (!starts.empty() && starts.back() == at) {  // the period before has no length
            starts.pop_back();
            offsets.pop_back();
        }
        if (!offsets.empty() && offsets.back() == offset) return;
        starts.push_back(at);
        offsets.push_back(offset);
    }

    // The last i with starts[i] <= at, which is at least starts[0]. Without a branch on the data:
    // instants come in any order, and a wrong guess in each step costs four times the search.
    std::size_t index_of(std::int64_t at) const {
        const std::int64_t* base = starts.data();
        for (std::size_t left = starts.size(); left > 1;) {
            const std::size_t half = left / 2;
            base = base[half] <= at ? base + half : base;
            left -= half;
        }
        return static_cast<std::size_t>(base - starts.data());
    }

    // Appends one cycle of transitions after `after` and the first of the next, so that every
    // period that begins within the cycle has its end.
    void append_cycle(const RuleCycle& cycle, std::int64_t after) {
        const std::size_t size = cycle.transitions.size();
        if (size == 0) return;
        const std::int64_t length = kCycle.count();
        const std::int64_t turn = floor_divide(after - count(cycle.begin), length);
        const std::size_t next = cycle.index_after(to_sys(after - turn * length));
        for (std::size_t i = next; i <= next + size; ++i) {
            const Transition& transition = cycle.transitions[i % size];
            const std::int64_t shift = (turn + static_cast<std::int64_t>(i / size)) * length;
            append(count(transition.at) + shift, transition.offset.count());
            if (i == next) cycle_begin = count(transition.at) + shift;
        }
        cycle_end = cycle_begin + length;
    }

    void note_offsets() {
        const auto [least, greatest] = std::minmax_element(offsets.begin(), offsets.end());
        least_offset = *least;
        greatest_offset = *greatest;
    }
};

Zone Zone::fixed(std::string name, seconds offset) {
    return from_transitions(std::move(name), offset, {}, std::nullopt);
}

Zone Zone::from_rule(std::string name, const PosixRule& rule) {
    const RuleCycle cycle = expand(rule);
    auto data = std::make_shared<Data>(std::move(name));
    if (cycle.transitions.empty()) {
        data->append(kMin, cycle.initial.count());
    } else {
        data->append_cycle(cycle, count(cycle.begin));
        data->cycle_floor = data->cycle_begin;
    }
    data->note_offsets();
    return Zone(std::move(data));
}

Zone Zone::from_transitions(std::string name, seconds initial,
                            const std::vector<Transition>& transitions,
                            const std::optional<PosixRule>& rule) {
    if (transitions.empty() && rule) return from_rule(std::move(name), *rule);
    auto data = std::make_shared<Data>(std::move(name));
    data->append(kMin, initial.count());
    std::int64_t last = kMin;
    for (const Transition& transition : transitions) {
        CRON_CHECK(count(transition.at) >= last);
        last = count(transition.at);
        if (last > kFar) break;
        data->append(last < -kFar ? kMin : last, transition.offset.count());
    }
    if (rule && last <= kFar) {
        last = std::max(last, -kFar);
        const RuleCycle cycle = expand(*rule);
        data->append(last, cycle.offset_at(to_sys(last)).count());
        data->append_cycle(cycle, last);
    }
    data->note_offsets();
    return Zone(std::move(data));
}

const std::string& Zone::name() const { return data_->name; }

Period Zone::period_at(sys_seconds instant) const {
    const Data& data = *data_;
    std::int64_t at = std::clamp(count(instant), -kFar, kFar);
    std::int64_t shift = 0;
    if (at >= data.cycle_end || at < data.cycle_floor) {
        shift = floor_divide(at - data.cycle_begin, kCycle.count()) * kCycle.count();
        at -= shift;
    }
    const std::size_t index = data.index_of(at);
    const std::int64_t begin = data.starts[index] == kMin ? kMin : data.starts[index] + shift;
    const bool is_last = index + 1 == data.starts.size();
    const std::int64_t end = is_last ? kMax : data.starts[index + 1] + shift;
    return {to_sys(begin < -kFar ? kMin : begin), to_sys(end > kFar ? kMax : end),
            seconds{data.offsets[index]}};
}

LocalFit Zone::fit(Local local) const {
    // Only an instant in [earliest, latest] can read `local`; and something in there reads it, or
    // skips it.
    const sys_seconds earliest = subtract(local, data_->greatest_offset);
    const sys_seconds latest = subtract(local, data_->least_offset);
    std::optional<sys_seconds> found;
    std::optional<sys_seconds> gap;
    bool passed = false;  // whether the period before ends before it reads `local`
    for (Period period = period_at(earliest);; period = period_at(period.end)) {
        const sys_seconds at = subtract(local, period.offset.count());
        const bool is_last = period.end == sys_seconds::max();
        if (at < period.begin) {
            if (passed && !gap) gap = period.begin;
            passed = false;
        } else if (is_last || at < period.end) {
            if (found) return {LocalFit::Kind::repeated, *found, at};
            found = at;
            passed = false;
        } else {
            passed = true;
        }
        if (is_last || period.end > latest) break;
    }
    if (found) return {LocalFit::Kind::unique, *found, *found};
    CRON_CHECK(gap.has_value());
    return {LocalFit::Kind::skipped, *gap, *gap};
}

bool operator==(const Zone& a, const Zone& b) { return a.data_ == b.data_ || *a.data_ == *b.data_; }

}  // namespace cron::calendar
