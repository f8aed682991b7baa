// Messages as lines: docs/protocol.md.
#include "control/codec.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "control/members.h"

using namespace cron;
using namespace cron::control;

namespace {

std::string text_of(const std::string& line) {
    const auto request = decode_request(line, "belfry 1");
    return request ? "" : request.error().error.message;
}

template <class T>
T as(const AnyRequest& request) {
    return std::get<T>(std::get<Request>(request));
}

// What is decoded from what is encoded, without the newline that encode() puts at the end.
AnyRequest round(const AnyRequest& request) {
    std::string line = encode(request);
    REQUIRE(line.size() <= kLineBytesMax);
    REQUIRE(line.find('\n') == line.size() - 1);
    line.pop_back();
    auto decoded = decode_request(line, "");
    REQUIRE(decoded);
    return *std::move(decoded);
}

Answer round(const Answer& answer) {
    std::string line = encode(answer);
    REQUIRE(line.find('\n') == line.size() - 1);
    line.pop_back();
    auto decoded = decode_answer(line);
    REQUIRE(decoded);
    return *std::move(decoded);
}

}  // namespace

TEST_CASE("codec: a request comes out as it went in, whatever bytes its table has", "[control]") {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    const std::string kTexts[] = {"",
                                  "* * * * * true\n",
                                  "# gr\xc3\xbc\xc3\x9f dich\n",
                                  "\xff\xfe",
                                  std::string("a\0b", 3),
                                  std::string(1000, '\n'),
                                  std::string(1000, '\x01'),
                                  every_byte};
    for (const std::string& text : kTexts) {
        for (const std::optional<std::string>& before :
             {std::optional<std::string>{}, std::optional<std::string>{""},
              std::optional<std::string>{"v1"}}) {
            const auto install =
                as<InstallTable>(round(Request(InstallTable{"joe", text, before})));
            CHECK(install.user == "joe");
            CHECK(install.text == text);
            CHECK(install.before == before);
        }
    }
    CHECK(as<ReadTable>(round(Request(ReadTable{"joe"}))).user == "joe");
    CHECK(as<RemoveTable>(round(Request(RemoveTable{"joe", "v"}))).before == "v");
    CHECK_FALSE(as<RemoveTable>(round(Request(RemoveTable{"joe", {}}))).before);
    CHECK(as<UndoTable>(round(Request(UndoTable{"joe"}))).user == "joe");
    CHECK(std::holds_alternative<Hello>(round(Hello{})));
}

TEST_CASE("codec: the longest table fits into a line, whatever its bytes are", "[control]") {
    for (const char byte : {'a', '\n', '\x01', '\xff', '"'}) {
        const std::string text(kTextBytesMax, byte);
        CHECK(as<InstallTable>(round(Request(InstallTable{"joe", text, "v"}))).text == text);
    }
}

TEST_CASE("codec: a table beyond the bound is refused, however it is spelt", "[control]") {
    const std::string text(kTextBytesMax + 1, 'a');
    std::string line = encode(Request(InstallTable{"joe", text, {}}));
    line.pop_back();
    const auto refused = decode_request(line, "");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().error.code == ErrorCode::limit);
}

TEST_CASE("codec: an answer comes out as it went in", "[control]") {
    const Answer kept = round(Answer(TableNow{"text\n", "v1"}));
    REQUIRE(kept);
    CHECK(kept->text == "text\n");
    CHECK(kept->version == "v1");
    const Answer none = round(Answer(TableNow{{}, ""}));
    REQUIRE(none);
    CHECK_FALSE(none->text);
    for (const ErrorCode code :
         {ErrorCode::invalid, ErrorCode::not_found, ErrorCode::denied, ErrorCode::busy,
          ErrorCode::limit, ErrorCode::damaged, ErrorCode::system}) {
        const Answer refused =
            round(Answer(tl::unexpected<Refusal>({{code, "because"}, {"a", "b"}, {"c"}})));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().error.code == code);
        CHECK(refused.error().error.message == "because");
        CHECK(refused.error().diagnostics == std::vector<std::string>{"a", "b"});
        CHECK(refused.error().known == std::vector<std::string>{"c"});
    }
}

TEST_CASE("codec: of many diagnostics the first are passed on, and the rest is counted",
          "[control]") {
    Refusal refused{{ErrorCode::invalid, "errors"}, {}, {}};
    for (int i = 0; i < 1000; ++i) refused.diagnostics.push_back(std::string(100'000, 'x'));
    const std::string line = encode(Answer(tl::unexpected(refused)));
    CHECK(line.size() < 64U << 10);
    const auto decoded = decode_answer(line);
    REQUIRE((decoded && !*decoded));
    CHECK(decoded->error().diagnostics.size() == kDiagnosticsMax + 1);
    CHECK(decoded->error().diagnostics.back() == "and 900 more");
}

TEST_CASE("codec: what is no request is refused with a reason", "[control]") {
    const std::pair<std::string, std::string> cases[] = {
        {"", "the request is damaged: it is not JSON at byte 1"},
        {"\xff", "the request is damaged: it is not JSON at byte 1"},
        {std::string("\0", 1), "the request is damaged: it is not JSON at byte 1"},
        {"7", "the request is damaged: it is not an object"},
        {"\"text\"", "the request is damaged: it is not an object"},
        {"[]", "the request is damaged: it is a list and not an object"},
        {"{", "the request is damaged: it is not JSON at byte 2"},
        {"{}{}", "the request is damaged: it is not JSON at byte 3"},
        {"{}", "the request has no 'protocol'"},
        {R"({"protocol":1})", "the request has no 'request'"},
        {R"({"protocol":"1","request":"hello"})", "the request has no 'protocol'"},
        {R"({"protocol":-1,"request":"hello"})", "the request has no 'protocol'"},
        {R"({"protocol":1e999,"request":"hello"})",
         "the request is damaged: it is not JSON at byte 17"},
        {R"({"protocol":99999999999999999999,"request":"hello"})", "the request has no 'protocol'"},
        {R"({"protocol":1,"protocol":1,"request":"hello"})",
         "the request is damaged: 'protocol' is there twice"},
        {R"({"protocol":1,"request":["hello"]})", "the request has no 'request'"},
        {R"({"protocol":1,"request":"read-table"})", "the request has no 'user'"},
        {R"({"protocol":1,"request":"read-table","user":""})", "the request has no 'user'"},
        {R"({"protocol":1,"request":"read-table","user":{"user":"joe"}})",
         "the request has no 'user'"},
        {R"({"protocol":1,"request":"read-table","user":"joe\u0000"})",
         "'user' has a byte of value 0"},
        {R"({"protocol":1,"request":"install-table","user":"joe"})", "the request has no 'text'"},
        {R"({"protocol":1,"request":"install-table","user":"joe","text":"","text_b64":""})",
         "'text' and 'text_b64' are both there"},
        {R"({"protocol":1,"request":"install-table","user":"joe","text_b64":"?"})",
         "'text_b64' is not base64"},
        {"{\"protocol\":1,\"request\":\"read-table\",\"user\":\"" + std::string(257, 'x') + "\"}",
         "'user' is longer than 256 bytes"},
        {R"({"protocol":1,"request":"dance","user":"joe"})",
         "this crond (belfry 1) does not know the request 'dance'"},
        {R"({"protocol":2,"request":"read-table","user":"joe"})",
         "this crond (belfry 1) knows version 1 of the protocol, not 2"},
    };
    for (const auto& [line, reason] : cases) {
        INFO(line);
        CHECK(text_of(line) == reason);
    }
}

TEST_CASE("codec: who does not know a request, or a version, says what it knows", "[control]") {
    for (const char* line : {R"({"protocol":1,"request":"dance"})",
                             R"({"protocol":2,"request":"read-table","user":"joe"})"}) {
        const auto refused = decode_request(line, "");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().known == std::vector<std::string>{"hello", "read-table",
                                                                "install-table", "remove-table",
                                                                "undo-table"});
    }
    // Hello is understood in every version.
    CHECK(decode_request(R"({"protocol":7,"request":"hello"})", ""));
}

TEST_CASE("codec: a refusal of a later version is understood, another answer is not", "[control]") {
    const auto refused = decode_answer(
        R"({"protocol":9,"error":"on-strike","message":"not today","since":{"a":[1]}})");
    REQUIRE((refused && !*refused));
    CHECK(refused->error().error.code == ErrorCode::system);
    CHECK(refused->error().error.message == "not today");
    const auto other = decode_answer(R"({"protocol":9,"version":"v"})");
    REQUIRE_FALSE(other);
    CHECK(other.error().code == ErrorCode::damaged);
    CHECK(other.error().message ==
          "crond answers in version 9 of the protocol, and this program knows only 1");
    CHECK_FALSE(decode_answer("{}"));
    CHECK_FALSE(decode_answer("x"));
    CHECK_FALSE(decode_answer(R"({"protocol":1,"text_b64":"x","version":"v"})"));
}

TEST_CASE("codec: unknown members are ignored, whatever they hold", "[control]") {
    const auto request = decode_request(
        R"({"new":[[{"user":"eve","a":[1,2.5,null,true]}]],"protocol":1,"request":"read-table",)"
        R"("x":{"user":"eve"},"user":"joe","y":-1e300,"y":2})",
        "");
    REQUIRE(request);
    CHECK(as<ReadTable>(*request).user == "joe");
}

TEST_CASE("codec: nesting is bounded, and so is what a list may hold", "[control]") {
    const auto nested = [](std::size_t depth) {
        return R"({"protocol":1,"request":"hello","x":)" + std::string(depth, '[') +
               std::string(depth, ']') + "}";
    };
    CHECK(decode_request(nested(kDepthMax - 1), ""));
    CHECK(text_of(nested(kDepthMax)) ==
          "the request is damaged: it is nested deeper than 32 levels");
    CHECK(text_of(nested(5'000'000)) ==
          "the request is damaged: it is nested deeper than 32 levels");
    std::string list = R"({"protocol":1,"error":"x","diagnostics":[)";
    for (std::size_t i = 0; i <= kListMax; ++i) list += R"("",)";
    list.back() = ']';
    CHECK_FALSE(decode_answer(list + "}"));
}

TEST_CASE("codec: a welcome comes out as it went in", "[control]") {
    const auto welcome = decode_welcome(encode(Welcome{"belfry 1", {"hello", "x"}}));
    REQUIRE(welcome);
    CHECK(welcome->release == "belfry 1");
    CHECK(welcome->requests == std::vector<std::string>{"hello", "x"});
    const auto refused = decode_welcome(R"({"protocol":1,"error":"limit","message":"full"})");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "full");
}
