// Any bytes are a message of a stranger: reading them never fails, and what is read can be said.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "control/codec.h"

namespace {

using namespace cron::control;

std::string_view without_newline(const std::string& line) {
    CRON_CHECK(line.size() <= kLineBytesMax && line.find('\n') == line.size() - 1);
    return std::string_view(line).substr(0, line.size() - 1);
}

void check_request(std::string_view line) {
    const auto request = decode_request(line, "release");
    if (!request) {
        CRON_CHECK(!request.error().error.message.empty());
        const std::string answer = encode(Answer(tl::unexpected(request.error())));
        CRON_CHECK(decode_answer(without_newline(answer)).has_value());
        return;
    }
    const auto* const known = std::get_if<Request>(&*request);
    if (known != nullptr) {
        const auto& user = std::visit([](const auto& one) { return one.user; }, *known);
        CRON_CHECK(!user.empty() && user.size() <= kNameBytesMax);
        CRON_CHECK(user.find('\0') == std::string::npos);
    }
    // What was understood is understood again, and as the same.
    const std::string once = encode(*request);
    const auto again = decode_request(without_newline(once), "release");
    CRON_CHECK(again.has_value());
    CRON_CHECK(encode(*again) == once);
}

void check_answer(std::string_view line) {
    const auto answer = decode_answer(line);
    if (!answer) {
        CRON_CHECK(!answer.error().message.empty());
        return;
    }
    const std::string once = encode(*answer);
    const auto again = decode_answer(std::string_view(once).substr(0, once.size() - 1));
    CRON_CHECK(again.has_value());
    CRON_CHECK(again->has_value() == answer->has_value());
    if (*answer) {
        CRON_CHECK((*again)->text == (*answer)->text);
        CRON_CHECK((*again)->version == (*answer)->version);
    }
    (void)decode_welcome(line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_request(bytes);
    check_answer(bytes);
    // Any bytes are a table, too, and come back as they were.
    const std::string line = encode(Request(InstallTable{"joe", std::string(bytes), {}}));
    const auto request = decode_request(without_newline(line), "release");
    CRON_CHECK(request.has_value());
    CRON_CHECK(std::get<InstallTable>(std::get<Request>(*request)).text == bytes);
    if (const auto decoded = cron::from_base64(bytes)) CRON_CHECK(cron::base64(*decoded) == bytes);
    return 0;
}
