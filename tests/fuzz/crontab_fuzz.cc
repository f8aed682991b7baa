// Any bytes are a table: reading them never fails, and what comes out keeps its promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "crontab/table.h"

namespace {

using namespace cron::crontab;

cron::Result<cron::calendar::Zone> find_zone(std::string_view name) {
    if (name.size() > 3) return cron::failure(cron::ErrorCode::not_found, "no zone");
    return cron::calendar::Zone::fixed(std::string(name), cron::hours{2});
}

void check(const Diagnostic& diagnostic) {
    CRON_CHECK(!diagnostic.name.empty() && !diagnostic.message.empty());
    CRON_CHECK(diagnostic.begin <= diagnostic.end);
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
    CRON_CHECK(options.kind == Kind::system || entry.user == options.owner);
}

void check(std::string_view text, const Options& options) {
    const Table table = parse(text, options);
    for (const Diagnostic& diagnostic : table.diagnostics) check(diagnostic);
    for (const auto& entry : table.entries) check(*entry, options);
    CRON_CHECK(std::is_sorted(table.entries.begin(), table.entries.end(),
                              [](const auto& a, const auto& b) { return a->line < b->line; }));
    const Table again = parse(text, options);
    CRON_CHECK(again.entries.size() == table.entries.size());
    for (std::size_t i = 0; i < table.entries.size(); ++i) {
        CRON_CHECK(again.entries[i]->id == table.entries[i]->id);
        CRON_CHECK(again.entries[i]->schedule == table.entries[i]->schedule);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const Kind kind : {Kind::user, Kind::system}) {
        for (const Flavour flavour : {Flavour::debian, Flavour::cronie}) {
            Options options;
            options.kind = kind;
            options.flavour = flavour;
            options.owner = "joe";
            options.name = "table";
            options.find_zone = find_zone;
            check(text, options);
        }
    }
    return 0;
}
