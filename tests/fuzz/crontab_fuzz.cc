// Any bytes are a table: reading them never fails, and what comes out keeps its promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "calendar/posix_rule.h"
#include "crontab/policy_text.h"
#include "crontab/table.h"

namespace {

using namespace cron::crontab;

cron::Result<cron::calendar::Zone> find_zone(std::string_view name) {
    if (name.size() > 3) return cron::failure(cron::ErrorCode::not_found, "no zone");
    return cron::calendar::Zone::fixed(std::string(name), cron::hours{2});
}

cron::calendar::Zone zone_with_changes() {
    const auto rule = cron::calendar::parse_posix_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    CRON_CHECK(rule.has_value());
    return cron::calendar::Zone::from_rule("Europe/Berlin", *rule);
}

// `lengths` of the lines of the table.
void check(const Diagnostic& diagnostic, const std::vector<std::size_t>& lengths) {
    CRON_CHECK(!diagnostic.name.empty() && !diagnostic.message.empty());
    CRON_CHECK(diagnostic.begin <= diagnostic.end);
    if (diagnostic.line > 0) CRON_CHECK(diagnostic.end <= lengths.at(diagnostic.line - 1));
    for (const char c : print(diagnostic, "table") + print_line(diagnostic, "table")) {
        CRON_CHECK(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
    }
}

void check(const Entry& entry, const Options& options) {
    constexpr std::string_view kLineEnds("\n\0", 2);
    CRON_CHECK(!entry.command.empty() &&
               entry.command.find_first_of(kLineEnds) == std::string::npos);
    CRON_CHECK(entry.input.empty() || entry.input.back() == '\n');
    CRON_CHECK(entry.environment != nullptr && !entry.user.empty());
    CRON_CHECK(entry.policy != nullptr);
    const Policy& policy = *entry.policy;
    CRON_CHECK(policy.timeout >= cron::seconds{0} && policy.kill_after >= cron::seconds{0});
    CRON_CHECK(policy.jitter >= cron::seconds{0} && policy.jitter <= kJitterMax);
    CRON_CHECK(policy.retry.times <= kRetriesMax && policy.retry.delay <= policy.retry.delay_max);
    CRON_CHECK(policy.retry.times == 0 || policy.retry.delay >= cron::seconds{1});
    CRON_CHECK(!policy.window || policy.window->begin != policy.window->end);
    // No table of a user names the pool of another one, or of the machine.
    CRON_CHECK(options.kind == Kind::system || policy.pool.empty() ||
               policy.pool.starts_with(options.owner + "/"));
    CRON_CHECK(options.kind == Kind::user || policy.pool.find('/') == std::string::npos);
    CRON_CHECK(options.kind == Kind::system || entry.user == options.owner);
}

void check(std::string_view text, const Options& options) {
    const Table table = parse(text, options);
    std::vector<std::size_t> lengths(1);
    for (const char c : text) {
        if (c == '\n') {
            lengths.push_back(0);
        } else {
            ++lengths.back();
        }
    }
    for (const Diagnostic& diagnostic : table.diagnostics) check(diagnostic, lengths);
    for (const auto& entry : table.entries) check(*entry, options);
    CRON_CHECK(std::is_sorted(table.entries.begin(), table.entries.end(),
                              [](const auto& a, const auto& b) { return a->line < b->line; }));
    std::set<cron::JobId> ids;
    for (const auto& entry : table.entries) CRON_CHECK(ids.insert(entry->id).second);
    // Advice changes no entry.
    Options others = options;
    if (options.advise_from) {
        others.advise_from.reset();
    } else {
        others.advise_from = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
    }
    const Table again = parse(text, others);
    CRON_CHECK(again.entries.size() == table.entries.size());
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        CRON_CHECK(again.entries[i]->id == table.entries[i]->id);
        CRON_CHECK(again.entries[i]->schedule == table.entries[i]->schedule);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const cron::calendar::Zone kZone = zone_with_changes();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string with_seconds = "CRON_SECONDS=yes\n" + std::string(text);
    for (const Kind kind : {Kind::user, Kind::system}) {
        for (const Flavour flavour : {Flavour::debian, Flavour::cronie}) {
            Options options;
            options.kind = kind;
            options.flavour = flavour;
            options.owner = "joe";
            options.name = "table";
            options.zone = kZone;
            options.find_zone = find_zone;
            check(text, options);
            options.advise_from = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
            check(text, options);
            check(with_seconds, options);
        }
    }
    return 0;
}
