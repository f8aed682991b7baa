// Settings that say when and whether the jobs below run: how their values are read.
#include "crontab/policy_text.h"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/duration.h"

namespace cron::crontab {
namespace {

template <class Value>
using Good = std::vector<std::pair<std::string_view, Value>>;
using Bad = std::vector<std::pair<std::string_view, std::string_view>>;  // value, message

template <class Read, class Value>
void check(Read read, const Good<Value>& good, const Bad& bad) {
    for (const auto& [text, value] : good) {
        CAPTURE(text);
        const auto answer = read(text);
        REQUIRE(answer.has_value());
        CHECK(*answer == value);
    }
    for (const auto& [text, message] : bad) {
        CAPTURE(text);
        const auto answer = read(text);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().message == message);
        CHECK(answer.error().code == ErrorCode::invalid);
    }
}

TEST_CASE("yes or no: in small letters, and nothing else", "[crontab]") {
    check(read_yes_no, Good<bool>{{"yes", true}, {"no", false}},
          {{"YES", "'YES' is neither yes nor no"},
           {"No", "'No' is neither yes nor no"},
           {"yes ", "'yes ' is neither yes nor no"},
           {"true", "'true' is neither yes nor no"},
           {"1", "'1' is neither yes nor no"},
           {"", "'' is neither yes nor no"}});
}

TEST_CASE("durations: days, hours, minutes and seconds, both bounds included", "[crontab]") {
    const auto read = [](std::string_view value) {
        return read_duration(value, seconds{1}, hours{2});
    };
    check(read,
          Good<seconds>{
              {"1s", seconds{1}}, {"90s", seconds{90}}, {"1h30m", minutes{90}}, {"2h", hours{2}}},
          {{"0s", "'0s' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"7201s", "'7201s' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"90", "'90' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"1H", "'1H' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"-5m", "'-5m' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"5m ", "'5m ' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"5 m", "'5 m' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"1.5h", "'1.5h' is not a duration from 1s to 2h, such as 90s or 2h30m"},
           {"", "'' is not a duration from 1s to 2h, such as 90s or 2h30m"}});
    check(
        [](std::string_view value) {
            return read_duration(value, seconds{0}, schedule::kDurationMax);
        },
        Good<seconds>{{"0s", seconds{0}}, {"3660d", schedule::kDurationMax}},
        {{"3661d", "'3661d' is not a duration from 0s to 3660d, such as 90s or 2h30m"}});
}

TEST_CASE("minutes: a whole number up to those of a day", "[crontab]") {
    check(read_minutes, Good<minutes>{{"0", minutes{0}}, {"45", minutes{45}}, {"1440", hours{24}}},
          {{"1441", "'1441' is not a number of minutes from 0 to 1440"},
           {"-1", "'-1' is not a number of minutes from 0 to 1440"},
           {"5m", "'5m' is not a number of minutes from 0 to 1440"},
           {"+5", "'+5' is not a number of minutes from 0 to 1440"},
           {"5 ", "'5 ' is not a number of minutes from 0 to 1440"},
           {"18446744073709551616",
            "'18446744073709551616' is not a number of minutes from 0 to 1440"},
           {"", "'' is not a number of minutes from 0 to 1440"}});
}

TEST_CASE("overlap: one of four words", "[crontab]") {
    check(read_overlap,
          Good<Overlap>{{"allow", Overlap::allow},
                        {"forbid", Overlap::forbid},
                        {"queue", Overlap::queue},
                        {"replace", Overlap::replace}},
          {{"Forbid", "'Forbid' is not allow, forbid, queue or replace"},
           {"no", "'no' is not allow, forbid, queue or replace"},
           {"allow,queue", "'allow,queue' is not allow, forbid, queue or replace"},
           {"", "'' is not allow, forbid, queue or replace"}});
}

TEST_CASE("mail: one of four words", "[crontab]") {
    check(read_mail,
          Good<MailWhen>{{"output", MailWhen::output},
                         {"failure", MailWhen::failure},
                         {"always", MailWhen::always},
                         {"never", MailWhen::never}},
          {{"failed_output", "'failed_output' is not output, failure, always or never"},
           {"joe", "'joe' is not output, failure, always or never"},
           {"", "'' is not output, failure, always or never"}});
}

TEST_CASE("retry: a number, a delay that is 30s where none is named, and its bound", "[crontab]") {
    check(read_retry,
          Good<Retry>{{"3", {3, seconds{30}, seconds{30}}},
                      {"100", {100, seconds{30}, seconds{30}}},
                      {"3/1s", {3, seconds{1}, seconds{1}}},
                      {"3/1h30m", {3, minutes{90}, minutes{90}}},
                      {"3/30s..10m", {3, seconds{30}, minutes{10}}},
                      {"3/30s..30s", {3, seconds{30}, seconds{30}}}},
          {});
    constexpr std::string_view kTimes =
        " is not a number of retries from 0 to 100, such as 3, 3/30s or 3/30s..10m";
    constexpr std::string_view kDelays =
        " is not retries and their delay, such as 3/30s or 3/30s..10m";
    constexpr std::string_view kShort = " is not retries with a delay of 1s or more";
    constexpr std::string_view kShrinks =
        " is not retries with delays that grow: the first must be the shorter one";
    const Good<std::string_view> bad = {
        {"101", kTimes},        {"-1", kTimes},       {"3 ", kTimes},
        {"yes", kTimes},        {"", kTimes},         {"/30s", kTimes},
        {"3,30s", kTimes},      {"3/", kDelays},      {"3/30", kDelays},
        {"3/30s..", kDelays},   {"3/..5m", kDelays},  {"3/30s...5m", kDelays},
        {"3/30s-5m", kDelays},  {"3/5000d", kDelays}, {"3/1s..2s..3s", kDelays},
        {"0/x", kDelays},       {"3/0s", kShort},     {"3/0s..5m", kShort},
        {"3/5m..30s", kShrinks}};
    for (const auto& [text, message] : bad) {
        CAPTURE(text);
        const auto answer = read_retry(text);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().message == "'" + std::string(text) + "'" + std::string(message));
    }
}

TEST_CASE("retry: no times are the default, whatever the delay", "[crontab]") {
    check(read_retry, Good<Retry>{{"0", Retry{}}, {"0/5m", Retry{}}, {"0/1s..5m", Retry{}}}, {});
}

TEST_CASE("window: two times of the day, the second one not included", "[crontab]") {
    check(read_window,
          Good<Window>{{"22:00-06:00", {hours{22}, hours{6}}},
                       {"9:30-17:05", {minutes{570}, minutes{1025}}},
                       {"00:00-24:00", {minutes{0}, hours{24}}},
                       {"23:59-24:00", {minutes{1439}, hours{24}}},
                       {"22:00-00:00", {hours{22}, minutes{0}}}},
          {});
    constexpr std::string_view kForm = " is not a span of the day such as 22:00-06:00";
    constexpr std::string_view kEmpty =
        " is not a span of the day, as it is empty: the whole day is 00:00-24:00";
    constexpr std::string_view kBegin = " is not a span of the day, which begins before 24:00";
    const Good<std::string_view> bad = {{"22-6", kForm},          {"22:00", kForm},
                                        {"22:00-", kForm},        {"-06:00", kForm},
                                        {"22:00 - 06:00", kForm}, {"22:00-06:00 ", kForm},
                                        {"22:0-06:00", kForm},    {"022:00-06:00", kForm},
                                        {"22:60-06:00", kForm},   {"25:00-06:00", kForm},
                                        {"22:00-24:01", kForm},   {"22:00-06:00:00", kForm},
                                        {":00-06:00", kForm},     {"22:00-06:00-08:00", kForm},
                                        {"22:00-6:00pm", kForm},  {"", kForm},
                                        {"08:00-08:00", kEmpty},  {"0:00-00:00", kEmpty},
                                        {"24:00-06:00", kBegin},  {"24:00-24:00", kBegin}};
    for (const auto& [text, message] : bad) {
        CAPTURE(text);
        const auto answer = read_window(text);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().message == "'" + std::string(text) + "'" + std::string(message));
    }
}

TEST_CASE("window: it holds its first second and not its end, over midnight too", "[crontab]") {
    const Window day{hours{9}, hours{17}};
    CHECK(day.contains(hours{9}));
    CHECK(day.contains(hours{17} - seconds{1}));
    CHECK_FALSE(day.contains(hours{17}));
    CHECK_FALSE(day.contains(hours{9} - seconds{1}));
    const Window night{hours{22}, hours{6}};
    CHECK(night.contains(hours{22}));
    CHECK(night.contains(seconds{0}));
    CHECK(night.contains(hours{6} - seconds{1}));
    CHECK_FALSE(night.contains(hours{6}));
    CHECK_FALSE(night.contains(hours{22} - seconds{1}));
    CHECK(Window{minutes{0}, hours{24}}.contains(hours{24} - seconds{1}));
    CHECK(Window{hours{22}, minutes{0}}.contains(hours{23}));
    CHECK_FALSE(Window{hours{22}, minutes{0}}.contains(seconds{0}));
}

TEST_CASE("names: up to 64 letters, digits and . _ - after a letter or digit", "[crontab]") {
    const std::string longest(kNameBytesMax, 'a');
    check(read_name,
          Good<std::string_view>{{"a", "a"},
                                 {"0", "0"},
                                 {"nightly.backup_v2-a", "nightly.backup_v2-a"},
                                 {longest, longest}},
          {});
    const std::string too_long(kNameBytesMax + 1, 'a');
    for (const std::string_view text :
         std::vector<std::string_view>{"", ".hidden", "-x", "_x", "a b", "a ", "alice/backup",
                                       "caf\xC3\xA9", "a\tb", "a:b"}) {
        CAPTURE(text);
        const auto answer = read_name(text);
        REQUIRE_FALSE(answer.has_value());
        CHECK(answer.error().code == ErrorCode::invalid);
    }
    CHECK(read_name("a b").error().message ==
          "'a b' is not a name of up to 64 letters, digits and . _ - that begins with a letter or "
          "digit");
    CHECK(read_name(too_long).error().message ==
          "'" + std::string(40, 'a') +
              "...' is not a name of up to 64 letters, digits and . _ - that begins with a letter "
              "or digit");
}

}  // namespace
}  // namespace cron::crontab
