#include "control/client.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "control/channel.h"

namespace cron::control {
namespace {

// A stranger that listens in the daemon's place would be given what is meant for it.
Result<void> check_server(int socket) {
    const Result<Peer> server = peer_of(socket);
    if (!server) return tl::unexpected(server.error());
    if (server->uid == 0 || server->uid == ::geteuid()) return {};
    return failure(ErrorCode::denied,
                   fmt::format("who listens there is uid {} and no crond", server->uid));
}

Result<std::string> exchange(const std::string& path, const std::string& request,
                             std::chrono::milliseconds patience) {
    const Deadline deadline = Deadline::clock::now() + patience;
    Result<UniqueFd> connected = connect_to(path, deadline);
    if (!connected) return tl::unexpected(connected.error());
    Channel channel(*std::move(connected));
    if (auto checked = check_server(channel.fd()); !checked) {
        return tl::unexpected(checked.error());
    }
    using Ending = Channel::Ending;
    // Who refuses hangs up without reading all of it, but says first why: so read in any case.
    std::string answer;
    Ending ending = channel.write(request, deadline);
    if (ending != Ending::too_late) ending = channel.read_line(answer, kLineBytesMax, deadline);
    switch (ending) {
        case Ending::done:
            return answer;
        case Ending::closed:
            return failure(ErrorCode::busy, "crond hung up before it answered");
        case Ending::too_late:
            return failure(ErrorCode::limit,
                           fmt::format("crond did not answer within {} s",
                                       std::chrono::ceil<std::chrono::seconds>(patience).count()));
        case Ending::too_long:
            break;
    }
    return failure(ErrorCode::damaged,
                   fmt::format("crond's answer is longer than {} bytes", kLineBytesMax));
}

}  // namespace

Result<Answer> ask(const std::string& socket, const Request& request,
                   std::chrono::milliseconds patience) {
    const Result<std::string> line = exchange(socket, encode(request), patience);
    if (!line) return tl::unexpected(line.error());
    return decode_answer(*line);
}

Result<Welcome> say_hello(const std::string& socket, std::chrono::milliseconds patience) {
    const Result<std::string> line = exchange(socket, encode(Hello{}), patience);
    if (!line) return tl::unexpected(line.error());
    return decode_welcome(*line);
}

}  // namespace cron::control
