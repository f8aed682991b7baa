#include "compat/address.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::compat {
namespace {

constexpr std::uint64_t kPortMax = 65'535;

}  // namespace

Result<ListenAddress> parse_address(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return failure(ErrorCode::invalid,
                       fmt::format("-prometheus-listen-address {} {}", cron::quoted(text), why));
    };
    ListenAddress address;
    std::string_view rest = text;
    if (rest.starts_with('[')) {
        const std::size_t end = rest.find(']');
        if (end == std::string_view::npos) return bad("has no ']'");
        address.host = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
    } else {
        const bool is_ipv6 = std::count(rest.begin(), rest.end(), ':') > 1;
        const std::size_t end = is_ipv6 ? rest.size() : std::min(rest.find(':'), rest.size());
        address.host = rest.substr(0, end);
        rest.remove_prefix(end);
    }
    if (rest.empty()) return address;
    if (rest.front() != ':') return bad("has more than a port behind the host");
    address.port = rest.substr(1);
    const auto port = parse_decimal(address.port);
    if (!port || *port > kPortMax) {
        return bad(fmt::format("has no port from 0 to {} behind the host", kPortMax));
    }
    return address;
}

}  // namespace cron::compat
