// What /etc/crond.json may say, and what crond says of one that is wrong.
#include "daemon/config.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "daemon/json_text.h"

namespace cron::daemon {
namespace {

using Catch::Matchers::Contains;

// The diagnostics, a line each, as a log has them.
std::string told(std::string_view text) {
    std::string lines;
    for (const crontab::Diagnostic& diagnostic : parse_config(text).diagnostics) {
        lines += crontab::print_line(diagnostic, "f") + '\n';
    }
    return lines;
}

Config read(std::string_view text) {
    const ConfigReading reading = parse_config(text);
    INFO(told(text));
    REQUIRE(reading.config);
    return *reading.config;
}

}  // namespace

TEST_CASE("config: what is not set has its default", "[daemon]") {
    const Config config = read("{}");
    CHECK(config == Config{});
    CHECK(config.flavour == crontab::Flavour::debian);
    CHECK(config.pam == Pam::automatic);
    CHECK(config.pools.empty());
    CHECK(config.max_running == 0);
    CHECK(config.max_starts_per_second == 0);
    CHECK(config.retention.age == hours{24 * 90});
    CHECK(config.retention.rows_per_job == 1000);
}

TEST_CASE("config: every setting is read, among comments", "[daemon]") {
    const std::string_view text = R"(
// The daemon of this machine.
{
    "flavour": "cronie",  // it was cronie's
    "max_running": 200,
    "max_starts_per_second": 50,
    "pam": "yes",
    /* "backup" is of system tables,
       "alice/backup" of a table of alice's */
    "pools": {"backup": 2, "alice/backup": 1, "DOMAIN\\bob/x.y-z": 1000000},
    "retention": {"age": "30d12h", "rows_per_job": 10}
})";
    const Config config = read(text);
    CHECK(config.flavour == crontab::Flavour::cronie);
    CHECK(config.pam == Pam::yes);
    CHECK(config.max_running == 200);
    CHECK(config.max_starts_per_second == 50);
    CHECK(config.pools == std::map<std::string, std::uint32_t>{
                              {"backup", 2}, {"alice/backup", 1}, {"DOMAIN\\bob/x.y-z", 1000000}});
    CHECK(config.retention.age == hours{24 * 30 + 12});
    CHECK(config.retention.rows_per_job == 10);
    CHECK(parse_config(text).diagnostics.empty());
}

TEST_CASE("config: the defaults that the table of keys shows are the defaults", "[daemon]") {
    for (const ConfigKey& key : config_keys()) {
        INFO(key.name);
        std::string text = fmt::format("\"{}\": {}", key.name, key.default_value);
        if (const std::size_t dot = key.name.find('.'); dot != std::string_view::npos) {
            text = fmt::format("\"{}\": {{\"{}\": {}}}", key.name.substr(0, dot),
                               key.name.substr(dot + 1), key.default_value);
        }
        CHECK(read("{" + text + "}") == Config{});
    }
}

TEST_CASE("config: the manual has every key, with its default", "[daemon]") {
    std::ifstream file(BELFRY_CONFIG_MANUAL);
    const std::string manual{std::istreambuf_iterator<char>(file), {}};
    for (const ConfigKey& key : config_keys()) {
        INFO(key.name);
        const std::size_t item = manual.find(fmt::format("\n.It Cm {}\n", key.name));
        REQUIRE(item != std::string::npos);
        const std::size_t end = manual.find("\n.It ", item + 1);
        std::string value(key.default_value);
        for (std::size_t at = 0; (at = value.find('"', at)) != std::string::npos; at += 4) {
            value.replace(at, 1, "\\(dq");
        }
        CHECK_THAT(manual.substr(item, end - item), Contains(".Ql " + value));
    }
}

TEST_CASE("config: bounds belong to what is allowed", "[daemon]") {
    CHECK(read(R"({"max_running": 1000000})").max_running == 1'000'000);
    CHECK(read(R"({"max_running": 0})").max_running == 0);
    CHECK(read(R"({"retention": {"age": "1h"}})").retention.age == hours{1});
    CHECK(read(R"({"retention": {"age": "3660d"}})").retention.age == hours{24 * 3660});
    CHECK(read(R"({"retention": {"rows_per_job": 1}})").retention.rows_per_job == 1);
    CHECK(read(R"({"pools": {"p": 1}})").pools.at("p") == 1);
}

TEST_CASE("config: an error says where, what is wrong and what would be right", "[daemon]") {
    struct Case {
        std::string_view text;
        std::string_view message;
    };
    const Case c = GENERATE(values<Case>({
        {R"({"flavour": "vixie"})",
         "f:1:13: error: flavour must be \"debian\" or \"cronie\", and is the text 'vixie' "
         "(flavour is whose ways hold where today's crons differ; the default is \"debian\")"},
        {"{\n  \"flavour\": null}", "f:2:14: error: flavour must be \"debian\" or \"cronie\", and"},
        {R"({"max_running": "5"})",
         "f:1:17: error: max_running must be a whole number from 0 to "
         "1000000, and is the text '5' (write the number without"},
        {R"({"max_running": -1})",
         "f:1:17: error: max_running must be a whole number from 0 to "
         "1000000, and is -1 (max_running is how many"},
        {R"({"max_running": 1.5})", "and is 1.5 ("},
        {R"({"max_running": 1e3})", "and is 1e3 ("},
        {R"({"max_running": 1000001})", "and is 1000001 ("},
        {R"({"max_running": 99999999999999999999})", "and is 99999999999999999999 ("},
        {R"({"max_starts_per_second": true})", "f:1:27: error: max_starts_per_second"},
        {R"({"max_starts_per_second": [1]})", "and is a list ("},
        {R"({"pools": ["a"]})",
         "f:1:11: error: pools must be an object of pools and their sizes, and is a list"},
        {R"({"pools": {"a": 0}})",
         "f:1:17: error: the size of pool 'a' must be a whole number "
         "from 1 to 1000000, and is 0 (it is how many"},
        {R"({"pools": {"a": "2"}})", "and is the text '2' (write the number without quotes"},
        {R"({"pools": {"a b": 2}})", "f:1:12: error: 'a b' is not the name of a pool (write POOL"},
        {R"({"pools": {"/a": 2}})", "'/a' is not the name"},
        {R"({"pools": {"x/y/a": 2}})", "'x/y/a' is not the name"},
        {R"({"pools": {"x/": 2}})", "'x/' is not the name"},
        {R"({"pools": {"": 2}})", "'' is not the name"},
        {R"({"pools": {"a\nb/c": 2}})", "'a\\x0ab/c' is not the name"},
        {R"({"retention": 5})", "f:1:15: error: retention must be an object, and is 5"},
        {R"({"retention": {"age": 90}})",
         "f:1:23: error: retention.age must be a duration from \"1h\" to \"3660d\", and is 90"},
        {R"({"retention": {"age": "90"}})", "and is the text '90'"},
        {R"({"retention": {"age": "59m"}})", "and is the text '59m'"},
        {R"({"retention": {"age": "3661d"}})", "and is the text '3661d'"},
        {R"({"retention": {"rows_per_job": 0}})",
         "f:1:32: error: retention.rows_per_job must be a whole number from 1 to 1000000, and is "
         "0"},
        {R"([])", "f:1:1: error: the whole must be an object, and is a list"},
        {R"("x")", "f:1:1: error: the whole must be an object, and is the text 'x'"},
        {R"(12)", "f:1:1: error: the whole must be an object, and is 12"},
    }));
    INFO(c.text);
    CHECK_FALSE(parse_config(c.text).config);
    CHECK_THAT(told(c.text), Contains(std::string(c.message)));
}

TEST_CASE("config: what is not JSON is told at its place, with what was probably meant",
          "[daemon]") {
    struct Case {
        std::string_view text;
        std::string_view message;
    };
    const Case c = GENERATE(values<Case>({
        {"",
         "f:1:1: error: this is not JSON: unexpected end of input; expected '[', '{', or a "
         "literal (the least that can stand here is {})"},
        {"\n\n", "(the least that can stand here is {})"},
        {"{\n  \"max_running\": 1,\n}",
         "f:3:1: error: this is not JSON: unexpected '}'; expected "
         "string literal (remove the comma before it)"},
        {"{\"max_running\": 1",
         "f:1:18: error: this is not JSON: unexpected end of input; "
         "expected '}'"},
        {"{\"max_running\": 1\n \"flavour\": \"x\"}",
         "f:2:2: error: this is not JSON: unexpected string literal; expected '}'"},
        {"{\"flavour\": debian}", "(a text stands in double quotes; true, false"},
        {"{'flavour': 1}", "f:1:2: error: this is not JSON: invalid literal"},
        {"{'flavour': 1}", "(a text stands in double quotes)"},
        {"# comment\n{}", "f:1:1: error: this is not JSON: invalid literal"},
        {"# comment\n{}", "(a comment begins with //, or stands between /* and */)"},
        {"{\"flavour: 1}\n", "f:1:14: error: this is not JSON: invalid string: control character"},
        {"{\"flavour: 1}\n", "(the text before it has no quote at its end)"},
        {"{\"flavour: 1}", "(the text before it has no quote at its end)"},
        {"{} {}", "f:1:4: error: this is not JSON: unexpected '{'; expected end of input"},
        {"{\"max_running\": 1 22}", "f:1:19: error: this is not JSON: unexpected number literal"},
        {"{\"max_running\": 1e999}", "f:1:22: error: this is not JSON: number overflow"},
        {"{\"max_running\": 01}", "f:1:17: error: this is not JSON: unexpected number literal"},
        {"/* {}", "f:1:5: error: this is not JSON: invalid comment"},
    }));
    INFO(c.text);
    CHECK_FALSE(parse_config(c.text).config);
    CHECK_THAT(told(c.text), Contains(std::string(c.message)));
}

TEST_CASE("config: all errors are told, in the order of the file", "[daemon]") {
    const std::string text = "{\"flavour\": 1,\r\n \"pools\": {\"a\": 0,\r\n  \"b\": 0}}";
    const ConfigReading reading = parse_config(text);
    REQUIRE(reading.diagnostics.size() == 3);
    CHECK(reading.diagnostics[0].line == 1);
    CHECK(reading.diagnostics[1].line == 2);
    CHECK(reading.diagnostics[2].line == 3);
    CHECK(reading.diagnostics[1].source == " \"pools\": {\"a\": 0,");
    CHECK_THAT(reading.error_line("f"), Catch::StartsWith("f:1:13: error: flavour must be"));
    CHECK_THAT(reading.error_line("f"), Catch::EndsWith("; 2 more, told by crond --test"));
    CHECK(parse_config("{}").error_line("f").empty());
}

TEST_CASE("config: a name that is there twice is an error wherever it is", "[daemon]") {
    CHECK_THAT(told("{\"max_running\": 1,\n \"max_running\": 2}"),
               Contains("f:2:2: error: 'max_running' is there twice (keep one of them)"));
    CHECK_THAT(told(R"({"pools": {"a": 1, "a": 2}})"), Contains("f:1:20: error: 'a' is there"));
    // The same name, written otherwise.
    CHECK_THAT(told(R"({"pools": {"a": 1, "\u0061": 2}})"), Contains("f:1:20: error: 'a' is"));
    CHECK_FALSE(parse_config(R"({"x": [{"a": 1, "a": 2}]})").config);
}

TEST_CASE("config: an unknown key has no effect, and is warned of with the nearest", "[daemon]") {
    struct Case {
        std::string_view text;
        std::string_view message;
    };
    const Case c = GENERATE(values<Case>({
        {R"({"max_runing": 7})",
         "f:1:2: warning: there is no setting 'max_runing': it has no effect (the nearest is "
         "max_running: how many runs may live at once; 0 is no limit)"},
        {R"({"flavor": "cronie"})", "the nearest is flavour:"},
        {R"({"rows_per_job": 7})", "the nearest is rows_per_job in retention:"},
        {R"({"retention.age": "1d"})", "the nearest is age in retention:"},
        {R"({"retention": {"ages": "1d"}})",
         "f:1:16: warning: there is no setting "
         "'retention.ages': it has no effect (the nearest is "
         "age in retention:"},
        {R"({"a\u001bb": {"x": [{"y": 1}]}})", "no setting 'a\\x1bb'"},
    }));
    INFO(c.text);
    const ConfigReading reading = parse_config(c.text);
    CHECK(reading.config == Config{});
    CHECK_THAT(told(c.text), Contains(std::string(c.message)));
}

TEST_CASE("config: what is not UTF-8 is an error at its byte, in comments too", "[daemon]") {
    CHECK_THAT(told("{\n  \"fl\xe4vour\": 1}"),
               Contains("f:2:6: error: the byte \\xe4 is not UTF-8 (save the file as UTF-8)"));
    CHECK_THAT(told("// K\xfc"
                    "che\n{}"),
               Contains("f:1:5: error: the byte \\xfc is not UTF-8"));
    CHECK(read("// Küche\n{}") == Config{});
    CHECK(read("\xEF\xBB\xBF{}") == Config{});
}

TEST_CASE("config: deep nesting and a huge file are refused, not followed", "[daemon]") {
    const auto nested = [](std::size_t depth) {
        return "{\"x\": " + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    CHECK(read(nested(kJsonDepthMax)) == Config{});
    CHECK_THAT(told(nested(kJsonDepthMax + 1)),
               Contains("f:1:38: error: this is nested deeper than 32 levels"));
    CHECK_FALSE(parse_config("{\"x\": " + std::string(kConfigBytesMax - 10, '[')).config);

    const std::string large = "{}" + std::string(kConfigBytesMax - 2, ' ');
    CHECK(read(large) == Config{});
    CHECK(told(large + ' ') == "f: error: it has more than 1048576 bytes\n");
}

TEST_CASE("config: a million of anything takes its time once", "[daemon]") {
    std::string text = "{\"pools\": {";
    for (int i = 0; text.size() < kConfigBytesMax - 100; ++i) {
        text += fmt::format("\"p{}\": 1,\n", i);
    }
    CHECK(read(text + "\"last\": 1}}").pools.at("last") == 1);
    std::string bad = "{";
    for (int i = 0; bad.size() < kConfigBytesMax - 100; ++i) bad += fmt::format("\"{}\":[],\n", i);
    const auto diagnostics = parse_config(bad + "\"z\": 1}").diagnostics;
    CHECK(diagnostics.size() == crontab::kDiagnosticsMax + 1);
}

TEST_CASE("read_json: every value knows its place", "[daemon]") {
    const std::string_view text = R"( {"a\"\\": -1.5e3 , "b":/* " */true,"c":["x"], "d": "\\"})";
    const auto root = read_json(text);
    REQUIRE(root);
    const auto piece = [&](const auto& found) {
        return text.substr(found.begin, found.end - found.begin);
    };
    CHECK(piece(*root) == text.substr(1));
    REQUIRE(root->members.size() == 4);
    CHECK(root->members[0].name == "a\"\\");
    CHECK(piece(root->members[0]) == R"("a\"\\")");
    CHECK(piece(root->members[0].value) == "-1.5e3");
    CHECK(piece(root->members[1].value) == "true");
    CHECK(piece(root->members[2].value) == R"(["x"])");
    CHECK(piece(root->members[3].value) == R"("\\")");
    CHECK(root->members[3].value.text == "\\");
}

}  // namespace cron::daemon
