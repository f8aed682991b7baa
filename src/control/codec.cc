#include "control/codec.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "control/members.h"

namespace cron::control {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<ErrorCode, std::string_view>, 7> kCodes = {
    {{ErrorCode::invalid, "invalid"},
     {ErrorCode::not_found, "not-found"},
     {ErrorCode::denied, "denied"},
     {ErrorCode::busy, "busy"},
     {ErrorCode::limit, "limit"},
     {ErrorCode::damaged, "damaged"},
     {ErrorCode::system, "system"}}};

constexpr std::string_view kHello = "hello";
constexpr std::string_view kRead = "read-table";
constexpr std::string_view kInstall = "install-table";
constexpr std::string_view kRemove = "remove-table";
constexpr std::string_view kUndo = "undo-table";
constexpr std::array kRequests = {kHello, kRead, kInstall, kRemove, kUndo};

std::string_view name_of(ErrorCode code) {
    for (const auto& [known, name] : kCodes) {
        if (known == code) return name;
    }
    return "system";
}

// Of a daemon that has others than we know: what it says counts.
ErrorCode code_of(std::string_view name) {
    for (const auto& [code, known] : kCodes) {
        if (known == name) return code;
    }
    return ErrorCode::system;
}

std::string line_of(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

// How long dump() writes it, quotes included.
std::size_t escaped_size(std::string_view text) {
    std::size_t size = 2;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_short = c == '"' || c == '\\' || (byte >= '\b' && byte <= '\r' && c != '\v');
        size += is_short ? 2 : byte < 0x20 ? 6 : 1;
    }
    return size;
}

void put_text(Json& object, std::string_view text) {
    const bool is_plain = escaped_size(text) <= (text.size() + 2) / 3 * 4 + 2;
    if (is_plain && is_utf8(text)) {
        object["text"] = text;
    } else {
        object["text_b64"] = base64(text);
    }
}

// None: there is no text. An error: there are two, or what is there is not base64.
Result<std::optional<std::string>> take_text(Members& members) {
    const auto plain = members.texts.find("text");
    const auto coded = members.texts.find("text_b64");
    const bool is_plain = plain != members.texts.end();
    if (coded == members.texts.end()) {
        return is_plain ? std::optional(std::move(plain->second)) : std::nullopt;
    }
    if (is_plain) return failure(ErrorCode::invalid, "'text' and 'text_b64' are both there");
    std::optional<std::string> bytes = from_base64(coded->second);
    if (!bytes) return failure(ErrorCode::invalid, "'text_b64' is not base64");
    return bytes;
}

std::string shortened(std::string_view text) {
    if (text.size() <= kMessageBytesMax) return std::string(text);
    return std::string(text.substr(0, cut_before(text, kMessageBytesMax))) + "...";
}

std::optional<std::string> text_of(const Members& members, std::string_view name) {
    const auto found = members.texts.find(name);
    if (found == members.texts.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> list_of(Members& members, std::string_view name) {
    const auto found = members.lists.find(name);
    return found == members.lists.end() ? std::vector<std::string>{} : std::move(found->second);
}

Json request_object(std::string_view name) {
    Json object;
    object["protocol"] = kProtocol;
    object["request"] = name;
    return object;
}

Json request_object(std::string_view name, const std::string& user,
                    const std::optional<std::string>& before = std::nullopt) {
    Json object = request_object(name);
    object["user"] = user;
    if (before) object["before"] = *before;
    return object;
}

Json object_of(const ReadTable& read) { return request_object(kRead, read.user); }
Json object_of(const InstallTable& install) {
    Json object = request_object(kInstall, install.user, install.before);
    put_text(object, install.text);
    return object;
}
Json object_of(const RemoveTable& remove) {
    return request_object(kRemove, remove.user, remove.before);
}
Json object_of(const UndoTable& undo) { return request_object(kUndo, undo.user); }
Json object_of(const Hello&) { return request_object(kHello); }
Json object_of(const Request& request) {
    return std::visit([](const auto& one) { return object_of(one); }, request);
}

tl::unexpected<Refusal> refusal(ErrorCode code, std::string message,
                                std::vector<std::string> known = {}) {
    return tl::unexpected<Refusal>({{code, std::move(message)}, {}, std::move(known)});
}

Result<std::string> required_name(const Members& members, std::string_view name) {
    std::optional<std::string> value = text_of(members, name);
    if (!value || value->empty()) {
        return failure(ErrorCode::invalid, fmt::format("the request has no '{}'", name));
    }
    return *std::move(value);
}

// The names in a request become names of files and of users.
Result<void> check_names(const Members& members) {
    for (const std::string_view name : {"user", "before"}) {
        const std::string value = text_of(members, name).value_or("");
        if (value.size() > kNameBytesMax) {
            return failure(ErrorCode::limit,
                           fmt::format("'{}' is longer than {} bytes", name, kNameBytesMax));
        }
        if (value.find('\0') != std::string::npos) {
            return failure(ErrorCode::invalid, fmt::format("'{}' has a byte of value 0", name));
        }
    }
    return {};
}

Result<Request> to_request(std::string_view name, Members& members) {
    if (auto checked = check_names(members); !checked) return tl::unexpected(checked.error());
    const Result<std::string> user = required_name(members, "user");
    if (!user) return tl::unexpected(user.error());
    const std::optional<std::string> before = text_of(members, "before");
    if (name == kRead) return ReadTable{*user};
    if (name == kRemove) return RemoveTable{*user, before};
    if (name == kUndo) return UndoTable{*user};
    Result<std::optional<std::string>> text = take_text(members);
    if (!text) return tl::unexpected(text.error());
    if (!*text) return failure(ErrorCode::invalid, "the request has no 'text'");
    if ((*text)->size() > kTextBytesMax) {
        return failure(ErrorCode::limit,
                       fmt::format("the table is longer than {} bytes", kTextBytesMax));
    }
    return InstallTable{*user, **std::move(text), before};
}

constexpr std::array<std::string_view, 6> kRequestMembers = {"protocol", "request", "user",
                                                             "before",   "text",    "text_b64"};
constexpr std::array<std::string_view, 9> kAnswerMembers = {"protocol",    "error",    "message",
                                                            "diagnostics", "requests", "release",
                                                            "text",        "text_b64", "version"};

Result<Members> read_answer(std::string_view line) {
    Result<Members> members = read_members(line, kAnswerMembers);
    if (!members) {
        return failure(ErrorCode::damaged,
                       "crond's answer is damaged: " + std::move(members.error().message));
    }
    const auto protocol = members->numbers.find("protocol");
    if (protocol == members->numbers.end()) {
        return failure(ErrorCode::damaged, "crond's answer is damaged: it has no 'protocol'");
    }
    // A refusal is understood in all versions.
    if (protocol->second != kProtocol && !text_of(*members, "error")) {
        return failure(ErrorCode::damaged,
                       fmt::format("crond answers in version {} of the protocol, and this program "
                                   "knows only {}",
                                   protocol->second, kProtocol));
    }
    return members;
}

}  // namespace

std::vector<std::string> all_requests() { return {kRequests.begin(), kRequests.end()}; }

std::string encode(const AnyRequest& request) {
    return line_of(std::visit([](const auto& one) { return object_of(one); }, request));
}

std::string encode(const Answer& answer) {
    Json object;
    object["protocol"] = kProtocol;
    if (answer) {
        object["version"] = answer->version;
        if (answer->text) put_text(object, *answer->text);
        return line_of(object);
    }
    const Refusal& refused = answer.error();
    object["error"] = name_of(refused.error.code);
    object["message"] = shortened(refused.error.message);
    if (!refused.known.empty()) object["requests"] = refused.known;
    if (!refused.diagnostics.empty()) {
        Json& list = object["diagnostics"];
        for (const std::string& diagnostic : refused.diagnostics) {
            if (list.size() == kDiagnosticsMax) break;
            list.push_back(shortened(diagnostic));
        }
        const std::size_t rest = refused.diagnostics.size() - list.size();
        if (rest > 0) list.push_back(fmt::format("and {} more", rest));
    }
    return line_of(object);
}

std::string encode(const Welcome& welcome) {
    Json object;
    object["protocol"] = kProtocol;
    object["release"] = welcome.release;
    object["requests"] = welcome.requests;
    return line_of(object);
}

tl::expected<AnyRequest, Refusal> decode_request(std::string_view line, std::string_view release) {
    Result<Members> members = read_members(line, kRequestMembers);
    if (!members) {
        return refusal(ErrorCode::invalid, "the request is damaged: " + members.error().message);
    }
    const auto protocol = members->numbers.find("protocol");
    if (protocol == members->numbers.end()) {
        return refusal(ErrorCode::invalid, "the request has no 'protocol'");
    }
    const Result<std::string> name = required_name(*members, "request");
    if (!name) return refusal(name.error().code, name.error().message);
    if (*name == kHello) return Hello{};
    if (protocol->second != kProtocol) {
        return refusal(ErrorCode::invalid,
                       fmt::format("this crond ({}) knows version {} of the protocol, not {}",
                                   release, kProtocol, protocol->second),
                       all_requests());
    }
    if (std::find(kRequests.begin(), kRequests.end(), *name) == kRequests.end()) {
        return refusal(ErrorCode::invalid,
                       fmt::format("this crond ({}) does not know the request {}", release,
                                   cron::quoted(*name)),
                       all_requests());
    }
    Result<Request> request = to_request(*name, *members);
    if (!request) return refusal(request.error().code, request.error().message);
    return *std::move(request);
}

Result<Answer> decode_answer(std::string_view line) {
    Result<Members> members = read_answer(line);
    if (!members) return tl::unexpected(members.error());
    if (const auto code = text_of(*members, "error")) {
        Refusal refused;
        refused.error = {code_of(*code), text_of(*members, "message").value_or("crond refuses")};
        refused.diagnostics = list_of(*members, "diagnostics");
        refused.known = list_of(*members, "requests");
        return Answer(tl::unexpected(std::move(refused)));
    }
    Result<std::optional<std::string>> text = take_text(*members);
    if (!text) {
        return failure(ErrorCode::damaged, "crond's answer is damaged: " + text.error().message);
    }
    return TableNow{*std::move(text), text_of(*members, "version").value_or("")};
}

Result<Welcome> decode_welcome(std::string_view line) {
    Result<Members> members = read_answer(line);
    if (!members) return tl::unexpected(members.error());
    if (const auto code = text_of(*members, "error")) {
        return failure(code_of(*code), text_of(*members, "message").value_or("crond refuses"));
    }
    return Welcome{text_of(*members, "release").value_or(""), list_of(*members, "requests")};
}

}  // namespace cron::control
