#include "ctl/subject.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::ctl {
namespace {

using Words = std::vector<std::string>;

// The text of the schedule, "files", or what is wrong. There are the files "table" and "my table".
std::string read(const Words& words, bool seconds = false) {
    Options options;
    options.what = words;
    options.seconds = seconds;
    const auto exists = [](const std::string& name) {
        return name == "table" || name == "my table" || name == "0";
    };
    const auto subject = read_subject(options, exists, false);
    if (!subject) return subject.error().printed;
    return *subject ? (*subject)->text : "files";
}

}  // namespace

TEST_CASE("subject: one argument is a schedule if it reads as one, else a file", "[ctl]") {
    CHECK(read({"0 2 * * *"}) == "0 2 * * *");
    CHECK(read({"  @daily "}) == "@daily");
    CHECK(read({"@every 90s"}) == "@every 90s");
    CHECK(read({"table"}) == "files");
    CHECK(read({"my table"}) == "files");
    CHECK(read({"-"}) == "files");
    CHECK(read({}) == "files");
    CHECK(read({"*/5 * * * * *"}, true) == "*/5 * * * * *");
}

TEST_CASE("subject: several are files, or the words of one schedule", "[ctl]") {
    CHECK(read({"table", "table"}) == "files");
    CHECK(read({"table", "none"}) == "files");
    CHECK(read({"none", "nothing"}) == "files");
    CHECK(read({"1", "2", "*", "*", "*"}) == "1 2 * * *");
    CHECK(read({"@every", "5m"}) == "@every 5m");
    // A file called 0 is one.
    CHECK(read({"0", "2", "*", "*", "*"}) == "files");
}

TEST_CASE("subject: a schedule that the shell took apart is told from missing files", "[ctl]") {
    CHECK(contains(read({"5", "2", "bin", "boot", "dev", "table"}), "into quotes"));
    CHECK(contains(read({"*/5", "bin", "etc"}), "into quotes"));
    CHECK(contains(read({"* * * * *", "table"}), "one at a time"));
}

TEST_CASE("subject: a mistake in a schedule is shown with a caret below it", "[ctl]") {
    CHECK(contains(read({"61 * * * *"}), "minute '61'"));
    CHECK(contains(read({"61 * * * *"}), "\n  61 * * * *\n  ^~\n"));
    CHECK(contains(read({"0 25 * * *"}), "\n    ^~\n"));
    CHECK(contains(read({"@dayly"}), "'@dayly' is not a nickname"));
    CHECK(contains(read({"0 0 * * * /bin/true"}), "more than the 5 fields"));
    CHECK(contains(read({"* * * * * *"}), "--seconds"));
}

TEST_CASE("subject: what is neither a schedule nor a file says both", "[ctl]") {
    CHECK(contains(read({"tabel"}), "no such file, and no schedule"));
    CHECK(contains(read({"*/5"}), "no such file, and no schedule"));
    CHECK(read({"/etc/crontap"}) == "cronctl: /etc/crontap: there is no such file\n");
    CHECK(is_harmless(read({"\x1b[2J"})));
    CHECK(is_harmless(read({"/\x1b[2J"})));
}

TEST_CASE("subject: --system and --as are for files", "[ctl]") {
    Options options;
    options.system = true;
    const auto read_as_files = [&](const Words& words) {
        options.what = words;
        const auto exists = [](const std::string&) { return false; };
        const auto subject = read_subject(options, exists, false);
        return subject && !*subject;
    };
    CHECK(read_as_files({}));
    CHECK(read_as_files({"table", "none"}));
    CHECK_FALSE(read_as_files({"@daily"}));
}

TEST_CASE("subject: --seconds is for a schedule", "[ctl]") {
    CHECK(contains(read({"table"}, true), "CRON_SECONDS=yes"));
}

TEST_CASE("expression: a choice is one where the seed matters", "[ctl]") {
    const auto is_choice = [](const char* text) {
        return read_expression(text, schedule::Form::five_fields, false)->is_choice;
    };
    CHECK(is_choice("H * * * *"));
    CHECK(is_choice("0 0~1 * * *"));
    CHECK(is_choice("0 0 H * *"));
    CHECK_FALSE(is_choice("0 0 * MAR THU"));
    CHECK_FALSE(is_choice("5~5 * * * *"));
    CHECK_FALSE(is_choice("@hourly"));
}

TEST_CASE("expression: the choice of a text is the same each time", "[ctl]") {
    const auto one = read_expression("H H * * *", schedule::Form::five_fields, false);
    const auto two = read_expression(" H H * * * ", schedule::Form::five_fields, false);
    CHECK(one->schedule == two->schedule);
}

TEST_CASE("schedules: each argument, or all of them as one", "[ctl]") {
    constexpr auto kForm = schedule::Form::five_fields;
    CHECK(schedule_texts({"@daily", "@hourly"}, kForm) == Words{"@daily", "@hourly"});
    CHECK(schedule_texts({"0", "2", "*", "*", "*"}, kForm) == Words{"0 2 * * *"});
    CHECK(schedule_texts({"0 2 * * *", "61 * * * *"}, kForm) == Words{"0 2 * * *", "61 * * * *"});
    CHECK(schedule_texts({"a", "b"}, kForm) == Words{"a", "b"});
}

}  // namespace cron::ctl
