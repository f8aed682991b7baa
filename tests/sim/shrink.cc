#include "shrink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cron::sim {
namespace {

constexpr seconds kLengthStep = minutes{1};

class Shrinker {
  public:
    Shrinker(const Script& script, const Player& play)
        : play_(play), best_(script), report_(play(script)) {}

    bool is_broken() const { return !report_.rule.empty(); }

    // Until nothing more can be left out: what one kind leaves behind may go once another went.
    // First the jobs, as those are what a run costs; and first without an eye on when the rule is
    // broken, as a later time may need less.
    void run() {
        name_all();
        for (std::size_t before = SIZE_MAX; size() < before && has_budget();) {
            before = size();
            drop_jobs();
            drop_faults();
            drop_asks();
            cuts_ = true;
            cut();
            drop_settings();
            shorten();
        }
        cut();
    }
    Shrunk result() && { return {std::move(best_), std::move(report_), runs_}; }

  private:
    bool has_budget() const { return runs_ < kShrinkRunsMax && events_ < kShrinkEventsMax; }

    std::size_t size() const {
        std::size_t settings = 0;
        for (const auto& [job, names] : report_.jobs) settings += names.size();
        for (const auto& [job, names] : best_.defaults) settings -= names.size();
        return report_.faults.size() + report_.asks.size() + report_.jobs.size() + settings;
    }

    void name_all() {
        for (auto* numbers : {&best_.faults, &best_.asks}) {
            if (*numbers) continue;
            numbers->emplace();
            for (std::uint64_t i = 1; i <= report_.faults_planned; ++i) (*numbers)->insert(i);
        }
        best_.jobs.emplace();
        for (const auto& [job, names] : report_.jobs) best_.jobs->insert(job);
    }

    // True: the script breaks the same rule, and is the best now.
    bool attempt(const Script& script) {
        if (!has_budget()) return false;
        Report report = play_(script);
        ++runs_;
        events_ += report.totals.events;
        if (report.rule != report_.rule) return false;
        best_ = script;
        report_ = std::move(report);
        if (cuts_) cut();
        return true;
    }

    // What came after the rule was broken does not matter: to leave it out takes no run.
    void cut() {
        best_.faults.emplace(report_.faults.begin(), report_.faults.end());
        best_.asks.emplace(report_.asks.begin(), report_.asks.end());
        best_.jobs.emplace();
        for (const auto& [job, names] : report_.jobs) best_.jobs->insert(job);
        for (auto& [job, names] : best_.defaults) {
            std::erase_if(names, [&set = report_.jobs[job]](const std::string& name) {
                return !set.contains(name);
            });
        }
        std::erase_if(best_.defaults, [](const auto& item) { return item.second.empty(); });
        if (!report_.faults_end) return;
        const auto end = std::chrono::floor<seconds>(*report_.faults_end) + seconds{1};
        best_.length = std::min(best_.length.value_or(end), end);
    }

    // Tries to do without each of `items`: all at once, then halves, and so on down to single ones.
    template <class Item, class Without>
    void drop(std::vector<Item> items, const Without& without) {
        for (std::size_t size = items.size(); size > 0; size /= 2) {
            for (std::size_t begin = 0; begin < items.size() && has_budget();) {
                const auto first = items.begin() + static_cast<std::ptrdiff_t>(begin);
                const auto last = items.begin() +
                                  static_cast<std::ptrdiff_t>(std::min(begin + size, items.size()));
                Script script = best_;
                for (auto item = first; item != last; ++item) without(script, *item);
                if (attempt(script)) {
                    items.erase(first, last);
                } else {
                    begin += size;
                }
            }
        }
    }

    void drop_faults() {
        drop(std::vector(best_.faults->begin(), best_.faults->end()),
             [](Script& script, std::uint64_t fault) { script.faults->erase(fault); });
    }
    void drop_asks() {
        drop(std::vector(best_.asks->begin(), best_.asks->end()),
             [](Script& script, std::uint64_t ask) { script.asks->erase(ask); });
    }
    void drop_jobs() {
        drop(std::vector(best_.jobs->begin(), best_.jobs->end()),
             [](Script& script, const LineNumber& job) {
                 script.jobs->erase(job);
                 script.defaults.erase(job);
             });
    }
    void drop_settings() {
        using Setting = std::pair<LineNumber, std::string>;
        std::vector<Setting> settings;
        for (const auto& [job, names] : report_.jobs) {
            const auto dropped = best_.defaults.find(job);
            for (const std::string& name : names) {
                if (dropped == best_.defaults.end() || !dropped->second.contains(name))
                    settings.emplace_back(job, name);
            }
        }
        drop(std::move(settings), [](Script& script, const Setting& setting) {
            script.defaults[setting.first].insert(setting.second);
        });
    }

    // Where the rule is broken after the faults, they may have ended earlier.
    void shorten() {
        if (!best_.length) best_.length = report_.length;
        for (seconds cut = *best_.length; cut >= kLengthStep && has_budget();) {
            Script script = best_;
            script.length = *best_.length - cut;
            if (!attempt(script)) cut /= 2;
            cut = std::min(cut, *best_.length);
        }
    }

    const Player& play_;
    Script best_;
    Report report_;
    bool cuts_ = false;
    std::uint64_t runs_ = 0;
    std::uint64_t events_ = 0;
};

std::string indented(const std::string& text) {
    std::string lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines += "    " + text.substr(begin, end - begin) + '\n';
        begin = end + 1;
    }
    return lines;
}

}  // namespace

std::optional<Shrunk> shrink(const Script& script, const Player& play) {
    Shrinker shrinker(script, play);
    if (!shrinker.is_broken()) return std::nullopt;
    shrinker.run();
    return std::move(shrinker).result();
}

std::string print(const Shrunk& shrunk) {
    const Report& report = shrunk.report;
    const auto part = [](const std::string& title, const std::string& lines) {
        return lines.empty() ? "" : title + ":\n" + indented(lines);
    };
    std::string faults;
    for (const std::string& note : report.notes) faults += note + '\n';
    std::string text = fmt::format("{}\nafter {} runs: ./dev sim --script '{}'\n", report.failure,
                                   shrunk.runs, print(shrunk.script));
    text += part("the tables, in UTC where no CRON_TZ says else", report.tables);
    if (report.tables_at_end != report.tables)
        text += part("the tables at the end", report.tables_at_end);
    text += part("the faults and what was asked for, at instant and monotonic time in us", faults);
    return text + part("what happened last", report.tail);
}

}  // namespace cron::sim
