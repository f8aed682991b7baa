#include "compat/metrics.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::compat {
namespace {

// label value = UTF-8 with \\, \" and \n
std::string label(std::string_view value) {
    const std::string text = is_utf8(value) ? std::string(value) : printable(value);
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

struct Series {
    const Job* job = nullptr;
    std::string labels;
};

using Value = std::uint64_t (*)(const Job& job);

struct Metric {
    std::string_view name, type, help;
    Value value = nullptr;  // null: the histogram
};

// In the order in which supercronic has them.
constexpr std::array kMetrics = {
    Metric{"cron_execution_time_seconds", "histogram", "how long runs took", nullptr},
    Metric{"currently_running", "gauge", "runs that run now",
           [](const Job& job) -> std::uint64_t { return job.running(); }},
    Metric{"deadline_exceeded", "counter", "times a job was due while its last run lived",
           [](const Job& job) { return job.counts.deadlines_exceeded; }},
    Metric{"executions", "counter", "runs that have ended",
           [](const Job& job) { return job.counts.executions; }},
    Metric{"failed_executions", "counter", "runs that have failed",
           [](const Job& job) { return job.counts.failures; }},
    Metric{"successful_executions", "counter", "runs that have succeeded",
           [](const Job& job) { return job.counts.successes; }},
};

void append_histogram(std::string& out, const std::string& name, const Series& series) {
    const Counts& counts = series.job->counts;
    std::uint64_t up_to = 0;
    for (std::size_t i = 0; i < counts.durations.size(); ++i) {
        up_to += counts.durations[i];
        const std::string bound = i < kDurationBounds.size()
                                      ? fmt::to_string(kDurationBounds[i].count())
                                      : std::string("+Inf");
        out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, series.labels, bound, up_to);
    }
    out += fmt::format("{}_sum{{{}}} {}\n", name, series.labels, counts.duration_sum_s);
    out += fmt::format("{}_count{{{}}} {}\n", name, series.labels, up_to);
}

}  // namespace

std::string metrics_text(const Jobs& jobs) {
    std::vector<Series> all;
    for (const auto& [id, job] : jobs.all()) {
        if (!job.is_loaded) continue;  // its labels may be those of another job now
        all.push_back({&job, fmt::format("command=\"{}\",position=\"{}\",schedule=\"{}\"",
                                         label(job.command), job.position, label(job.schedule))});
    }
    std::string out;
    for (const Metric& metric : kMetrics) {
        const std::string name = fmt::format("supercronic_{}", metric.name);
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, metric.help, name, metric.type);
        for (const Series& series : all) {
            if (metric.value == nullptr) {
                append_histogram(out, name, series);
            } else {
                out += fmt::format("{}{{{}}} {}\n", name, series.labels, metric.value(*series.job));
            }
        }
    }
    return out;
}

}  // namespace cron::compat
