#include "compat/metrics.h"

#include <catch2/catch.hpp>

#include "support.h"

using namespace cron;
using namespace cron::compat;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("metrics: they have supercronic's names, labels and buckets", "[compat]") {
    const auto a = entry("*/2 * * * * * *", "a");
    Jobs jobs;
    jobs.load({a});
    jobs.started(*a, run_of(*a, 2));
    jobs.finished(*a, run_of(*a, 2), ended(0, std::chrono::milliseconds{12'500}));
    jobs.started(*a, run_of(*a, 4));
    jobs.exceeded_deadline(*a);
    const std::string text = metrics_text(jobs);
    const std::string labels = R"(command="a",position="0",schedule="*/2 * * * * * *")";
    const std::string time = "supercronic_cron_execution_time_seconds";
    for (const std::string& line : {
             "# TYPE " + time + " histogram",
             time + "_bucket{" + labels + ",le=\"10\"} 0",
             time + "_bucket{" + labels + ",le=\"30\"} 1",
             time + "_bucket{" + labels + ",le=\"60\"} 1",
             time + "_bucket{" + labels + ",le=\"120\"} 1",
             time + "_bucket{" + labels + ",le=\"300\"} 1",
             time + "_bucket{" + labels + ",le=\"600\"} 1",
             time + "_bucket{" + labels + ",le=\"1800\"} 1",
             time + "_bucket{" + labels + ",le=\"3600\"} 1",
             time + "_bucket{" + labels + ",le=\"+Inf\"} 1",
             time + "_sum{" + labels + "} 12.5",
             time + "_count{" + labels + "} 1",
             std::string("# TYPE supercronic_currently_running gauge"),
             "supercronic_currently_running{" + labels + "} 1",
             std::string("# TYPE supercronic_executions counter"),
             "supercronic_executions{" + labels + "} 1",
             "supercronic_successful_executions{" + labels + "} 1",
             "supercronic_failed_executions{" + labels + "} 0",
             "supercronic_deadline_exceeded{" + labels + "} 1",
         }) {
        INFO(line);
        CHECK(has_line(text, line));
    }
}

TEST_CASE("metrics: labels are escaped, and always UTF-8", "[compat]") {
    const auto a = entry("* * * * *", "echo \"\\n\" \xFF");
    Jobs jobs;
    jobs.load({a});
    CHECK(has_line(metrics_text(jobs),
                   R"(supercronic_executions{command="echo \"\\n\" \\xff",position="0",)"
                   R"(schedule="* * * * *"} 0)"));
}

TEST_CASE("metrics: no two series have the same labels", "[compat]") {
    const auto old = entry("* * * * *", "a");
    auto named = std::make_shared<crontab::Entry>(*old);
    named->id = JobId::named("root", "/t", "n");
    Jobs jobs;
    jobs.load({old});
    jobs.started(*old, run_of(*old, 60));
    jobs.load({named});
    const std::string text = metrics_text(jobs);
    const std::string series = "\nsupercronic_executions{";
    CHECK(text.find(series) != std::string::npos);
    CHECK(text.find(series, text.find(series) + 1) == std::string::npos);
}
