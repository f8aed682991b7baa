// Warnings of what is probably not meant in commands and assignments; names of all warnings.
#include "crontab/advice.h"

#include <catch2/catch.hpp>

#include <set>

#include "calendar/posix_rule.h"
#include "crontab/warnings.h"
#include "support.h"

namespace cron::crontab {
namespace {

// "name: the text under the caret", for each warning. Errors are not expected.
Strings told(std::string_view text, const Options& options) {
    Strings out;
    for (const Diagnostic& diagnostic : parse(text, options).diagnostics) {
        CHECK(diagnostic.severity == Severity::warning);
        CHECK_FALSE(diagnostic.message.empty());
        out.push_back(
            diagnostic.name + ": " +
            diagnostic.source.substr(diagnostic.begin, diagnostic.end - diagnostic.begin));
    }
    return out;
}

const std::string kEveryMinute = "* * * * * ";

Strings told_of_command(std::string_view command, std::string_view above = "",
                        Flavour flavour = Flavour::debian) {
    return told(std::string(above) + kEveryMinute + std::string(command) + "\n",
                advised_options_of(Kind::user, flavour));
}

struct Case {
    std::string_view text;
    std::string_view told;  // empty: nothing
};

void check(const std::vector<Case>& cases, std::string_view above = "",
           Flavour flavour = Flavour::debian) {
    for (const Case& c : cases) {
        CAPTURE(c.text, above);
        CHECK(told_of_command(c.text, above, flavour) ==
              (c.told.empty() ? Strings{} : Strings{std::string(c.told)}));
    }
}

std::string hint_of_command(std::string_view command) {
    const Table table = parse(kEveryMinute + std::string(command), advised_options_of(Kind::user));
    return table.diagnostics.empty() ? "" : table.diagnostics.at(0).hint;
}

TEST_CASE("advice: a % that ends a command where a format was meant", "[crontab]") {
    for (const std::string_view shell : {"", "SHELL=/bin/bash\n", "SHELL=/usr/bin/zsh\n"}) {
        check({{"date +%F", "percent-ends-command: %"},
               {"/bin/date -u +%Y%m%d >x", "percent-ends-command: %"},
               {"tar cf x-$(date +%F).tar y", "percent-ends-command: %"},
               {"tar cf x-`date +%F`.tar y", "percent-ends-command: %"},
               {"echo \"$(date +%F)\"", "percent-ends-command: %"},
               {"TZ=UTC date +%F", "percent-ends-command: %"},
               {"x; TZ=UTC LC_ALL=C date +%F", "percent-ends-command: %"},
               {"date \"+%u %H:%M\"", "percent-ends-command: %"},
               {"date +'%F'", "percent-ends-command: %"},
               {"date +\\%Y-%m", "percent-ends-command: %"},
               {"sleep $((RANDOM % 60)); x", "percent-ends-command: %"},
               {"echo 'up 5%'", "percent-ends-command: %"},
               {"printf %s x", "percent-ends-command: %"},
               {"stat -c %Y x", "percent-ends-command: %"},
               {"git log --format=%H", "percent-ends-command: %"},
               {"curl http://x/a%20b", "percent-ends-command: %"}},
              shell);
    }
    CHECK(hint_of_command("date +%F") == "write '\\%' for a percent sign");
}

TEST_CASE("advice: a % that begins the input of a command is left alone", "[crontab]") {
    check({{"cat%a", ""},
           {"mail -s \"it's 5\" root%Don't%forget", ""},
           {"mail -s x root %%hello", ""},
           {"cat >x%a 'b", ""},
           {"date +\\%F", ""},
           {"echo \"$(date +\\%Y\\%m)\"", ""},
           {"date%", ""},
           {"tee x % y", ""},
           {"grep x # don't%y", ""},
           {"bc%10+%5", ""},
           {"FOO= cat%x", ""},
           {"case a in a) b;; esac%x", ""}});
    check({{"date +%F", ""}, {"echo 'a%'", ""}}, "SHELL=/usr/bin/python3\n");
}

TEST_CASE("advice: redirections that no shell takes for what they seem", "[crontab]") {
    const std::vector<Case> cases = {{"a > /dev/null 2&>1", "mistyped-redirect: 2&>1"},
                                     {"a 2&>b", "mistyped-redirect: 2&>b"},
                                     {"a >/dev/null 2>1", "mistyped-redirect: 2>1"},
                                     {"a 2> 1", "mistyped-redirect: 2> 1"},
                                     {"a 1>2", "mistyped-redirect: 1>2"},
                                     {"echo failed >2", "mistyped-redirect: >2"},
                                     {"[ $x >1 ] && y", "mistyped-redirect: >1"},
                                     {"a > /dev/null 2> &1", "mistyped-redirect: 2> &1"},
                                     {"a 2 > &1", "mistyped-redirect: 2 > &1"},
                                     {"a >> &1", "mistyped-redirect: >> &1"},
                                     {"a >x 2>>&1", "mistyped-redirect: 2>>&1"},
                                     {"a >x 2 >&1", "mistyped-redirect: 2 >&1"},
                                     {"a >x 2>\\&1", "mistyped-redirect: 2>\\&1"},
                                     {"a >x 2>$1", "mistyped-redirect: 2>$1"},
                                     {"a 2>&/dev/null", "mistyped-redirect: 2>&/dev/null"},
                                     {"a >x 2&1", "mistyped-redirect: 2&1"},
                                     {"a >", "mistyped-redirect: >"},
                                     {"a > | b", "mistyped-redirect: >"},
                                     {"a > 2>&1", "mistyped-redirect: >"},
                                     {"a 2>&1 >b", "redirect-order: 2>&1 >b"},
                                     {"a 2>&1 >>b; c", "redirect-order: 2>&1 >>b"},
                                     {"a 2>&1 1> /dev/null", "redirect-order: 2>&1 1> /dev/null"},
                                     {"(a 2>&1 >b); c", "redirect-order: 2>&1 >b"},
                                     {"a >b 2>b", "redirect-collision: >b 2>b"},
                                     {"a 2>b >>b", "redirect-collision: 2>b >>b"}};
    for (const std::string_view shell : {"", "SHELL=/bin/sh\n", "SHELL=/bin/bash\n"}) {
        check(cases, shell);
        check(cases, shell, Flavour::cronie);
    }
    CHECK(hint_of_command("a 2&>1") == "write '2>&1'");
    CHECK(hint_of_command("a 2>1") == "write '2>&1'");
    CHECK(hint_of_command("a 2 > &1") == "write '2>&1'");
    CHECK(hint_of_command("a 2>>&1") == "write '2>&1'");
    CHECK(hint_of_command("a 2 >> &1") == "write '2>&1'");
    CHECK(hint_of_command("a >> &2") == "write '>&2'");
    CHECK(hint_of_command("a < &3") == "write '<&3'");
    CHECK(hint_of_command("echo x >2") == "write '>&2'");
    CHECK(hint_of_command("[ $x >1 ]") == "numbers are compared with -gt");
    CHECK(hint_of_command("a 2>&1 >>b") ==
          "write '>>b 2>&1', or leave out '2>&1' to have errors mailed");
    CHECK(hint_of_command("a >b 2>b") == "write '>b 2>&1'");
}

TEST_CASE("advice: a number that has become a part of the file's name", "[crontab]") {
    check({{"a >/dev/null2>&1", "mistyped-redirect: >/dev/null2"},
           {"a > /dev/null2>&1", "mistyped-redirect: > /dev/null2"},
           {"a >/dev/null2", "mistyped-redirect: >/dev/null2"},
           {"a >>x.log2>&1", "mistyped-redirect: >>x.log2"}});
    CHECK(hint_of_command("a >/dev/null2>&1") == "write '>/dev/null 2>&1'");
    CHECK(hint_of_command("a 2>/dev/null1") == "write '2>/dev/null'");
    CHECK(hint_of_command("a >>x.log2>&1") == "write '>>x.log 2>&1'");
    for (const std::string_view plain : {"a >x2", "a >x2 2>&1", "a >x 2>&1", "a >$x2>&1"}) {
        CHECK(told_of_command(plain).empty());
    }
}

TEST_CASE("advice: what only bash redirects is told of where a plain sh runs the command",
          "[crontab]") {
    const std::vector<Case> cases = {{"a &> b", "bash-redirect: &> b"},
                                     {"a &>>b", "bash-redirect: &>>b"},
                                     {"a >& /dev/null", "bash-redirect: >& /dev/null"},
                                     {"a |& b", "bash-redirect: |&"},
                                     {"a <<< b", "bash-redirect: <<<"},
                                     {"a <(b)", "bash-redirect: <(b)"}};
    check(cases);
    check(cases, "SHELL=/bin/dash\n");
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(told_of_command(c.text, "SHELL=/bin/bash\n").empty());
        CHECK(told_of_command(c.text, "SHELL=/usr/bin/zsh\n").empty());
        CHECK(told_of_command(c.text, "SHELL=/usr/bin/fish\n").empty());
        // Where cronie is at home, sh is bash.
        CHECK(told_of_command(c.text, "", Flavour::cronie).empty());
    }
    CHECK(told_of_command("a &> b", "SHELL=/bin/bash\nSHELL=/bin/sh\n").size() == 1);
    CHECK(hint_of_command("a &>>b") == "write '>>b 2>&1', or SHELL=/bin/bash above the line");
}

TEST_CASE("advice: redirections that are meant are left alone", "[crontab]") {
    for (const std::string_view command : {"a >/dev/null 2>&1",
                                           "a > x 2>& 1 &",
                                           "a 2>&1 | b >c",
                                           "a 2>&1 >/dev/null | b",
                                           "(a 2>&1 >/dev/null) | b",
                                           "{ a 2>&1 >/dev/null; } >c",
                                           "exec >log; a 2>&1 >/dev/null",
                                           "a >log 2>&1 >/dev/null",
                                           "a 3>&1 1>&2 2>&3",
                                           "a >&2",
                                           "a 1>&2",
                                           "a >&$fd",
                                           "a 2>&-",
                                           "a >&-",
                                           "sleep 2 >x",
                                           "echo 2 >&2",
                                           "a >x 2>y",
                                           "a >>x 2>>x",
                                           "a >/dev/null 2>/dev/null",
                                           "a >/proc/1/fd/1 2>/proc/1/fd/1",
                                           "[[ $x > 1 ]] && y",
                                           "[ $x \\> 1 ]",
                                           "echo $((x > 1))",
                                           "((x > 1)) && y",
                                           "awk '$1 > 1'",
                                           "echo \"2&>1\"",
                                           "sh -c 'a 2>&1 >b'",
                                           "a # 2>1",
                                           "curl x?a=2&b=1",
                                           "a </dev/null >x 2>&1",
                                           "a >x.1",
                                           "a >1.log",
                                           "a; 2>x b"}) {
        CAPTURE(command);
        CHECK(told_of_command(command).empty());
    }
}

TEST_CASE("advice: columns hold behind backslashes, blanks, users and flags", "[crontab]") {
    CHECK(told_of_command("date +\\%F \\\\ \"\\%\" 2&>1") == Strings{"mistyped-redirect: 2&>1"});
    CHECK(told_of_command("  -q   a \\\\\\\\ \\% 2>1 | date +%F") ==
          Strings{"mistyped-redirect: 2>1", "percent-ends-command: %"});
    CHECK(told("\t* *\t* * *  root \t a\\\\b 2&>1\n", advised_options_of(Kind::system)) ==
          Strings{"mistyped-redirect: 2&>1"});
    CHECK(told("  -0  2 31 2   * a\n", advised_options_of(Kind::user)) ==
          Strings{"never-due: 31 2"});
    CHECK(told("@daily  a 2>1\n", advised_options_of(Kind::user)) ==
          Strings{"mistyped-redirect: 2>1"});
}

Strings told_of_value(std::string_view line) {
    return told("BASE=/srv\n" + std::string(line) + "\n", advised_options_of(Kind::user));
}

TEST_CASE("advice: a variable, a command or a ~ in a value stays as it is", "[crontab]") {
    const Case cases[] = {
        {"PATH=$PATH:/x", "not-expanded: $PATH"},
        {"PATH = \"/x:$PATH\"", "not-expanded: $PATH"},
        {"PATH=/x:${PATH}", "not-expanded: ${PATH}"},
        {"LOG='$HOME/log'", "not-expanded: $HOME"},
        {"LOG=${LOG_DIR:-/var/log}/x", "not-expanded: ${LOG_DIR:-/var/log}"},
        {"MAILTO=$USER", "not-expanded: $USER"},
        {"LIB=$BASE/lib", "not-expanded: $BASE"},
        {"LIB=x-$BASE", "not-expanded: $BASE"},
        {"FOO=$FOO", "not-expanded: $FOO"},
        {"LIB=$OTHER_ROOT/lib", "not-expanded: $OTHER_ROOT"},
        {"DAY=$(date -d yesterday +%F)", "not-expanded: $(date -d yesterday +%F)"},
        {"HOST=`hostname`", "not-expanded: `hostname`"},
        {"HOST=$(hostname)", "not-expanded: $(hostname)"},
        {"PATH=~/bin:/usr/bin", "not-expanded: ~"},
        {"PATH=/usr/bin:~/bin", "not-expanded: ~"},
        {"HOME=~", "not-expanded: ~"}};
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(told_of_value(c.text) == Strings{std::string(c.told)});
    }
}

TEST_CASE("advice: a $ in a password, and what a shell expands later, is left alone", "[crontab]") {
    for (const std::string_view line : {"PASS=pa$$word",
                                        "PASS=P@$SW0RD",
                                        "PASS=$ecret",
                                        "PASS=a$b$c",
                                        "PASS=$1$salt$hash",
                                        "PASS=x${y",
                                        "PASS=a${}b",
                                        "PASS=$5{a}",
                                        "PASS=a$(b",
                                        "PASS=a$()b",
                                        "PASS=`",
                                        "PASS=a`b`c",
                                        "PASS=$",
                                        "PASS=$2y$10$abcdefghijklmnopqrstuv",
                                        "PASS=\\$HOME",
                                        "PS1='${PWD} $ '",
                                        "BASH_ENV=$HOME/.env",
                                        "PS4='+${LINENO}: '",
                                        "FILE=backup~",
                                        "FILE=~user",
                                        "NOTE=~/x",
                                        "PATH=/usr/bin:/bin",
                                        "URL=http://x/~joe",
                                        "PRICE=5$",
                                        "BASE2=$BASE2X"}) {
        CAPTURE(line);
        CHECK(told_of_value(line).empty());
    }
}

TEST_CASE("advice: none is given where nobody asks for it, but for what is never due",
          "[crontab]") {
    const std::string text =
        "PATH=$PATH:/x\n* 2 13 * 5 date +%F\n*/45 * 31 * * a 2&>1\n0 0 31 2 * b\n";
    CHECK(places(parse_user(text)) == Strings{"4:5 warning never-due"});
    CHECK(places(parse(text, advised_options_of(Kind::user))).size() == 8);
    CHECK(commands(parse_user(text)) == commands(parse(text, advised_options_of(Kind::user))));
}

Options in_berlin() {
    Options options = advised_options_of(Kind::user);
    const auto rule = calendar::parse_posix_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    REQUIRE(rule);
    options.zone = calendar::Zone::from_rule("Europe/Berlin", *rule);
    return options;
}

TEST_CASE("advice: the clock is that of the zone above the line, and of none that is unknown",
          "[crontab]") {
    const Options options = in_berlin();
    CHECK(told("30 2 * * * a\n", options) == Strings{"skipped-time: 30 2", "repeated-time: 30 2"});
    CHECK(told("CRON_TZ=Test/East\n30 2 * * * a\n", options).empty());
    CHECK(places(parse("CRON_TZ=Mars\n30 2 31 * * a\n", options)) ==
          Strings{"1:9 error bad-setting", "2:6 warning missing-day"});
    CHECK(parse("30 2 * * * a\n", options).diagnostics.at(0).message ==
          "in Europe/Berlin on 2026-03-29 the clock skips 02:00 to 03:00: due at 03:00 instead of "
          "02:30");
}

TEST_CASE("advice: with seconds the fields are counted from the second", "[crontab]") {
    CHECK(told("CRON_SECONDS=yes\n* 0 2 * * * a\n0 */7 * * * * b\n", in_berlin()) ==
          Strings{"every-second-of-minute: * 0", "skipped-time: * 0 2", "repeated-time: * 0 2",
                  "uneven-step: */7"});
}

// One table for all names; the file's own need their own.
TEST_CASE("warnings: each name is raised by some example, and no other is", "[crontab]") {
    const std::vector<std::string> examples = {
        "0 0 31 2 * a\n",       "* 2 * * * a\n",      "CRON_SECONDS=yes\n* 0 2 * * * a\n",
        "0 0 13 * 5 a\n",       "*/45 * * * * a\n",   "*/90 * * * * a\n",
        "0 0 31 * * a\n",       "0 0 29 2 * a\n",     "30 2 * * * a\n",
        "* * * * * date +%F\n", "* * * * * a 2&>1\n", "* * * * * a 2>&1 >b\n",
        "* * * * * a >b 2>b\n", "* * * * * a &>b\n",  "* * * * * root a\n",
        "PATH=$PATH:/x\n",      "USER=x\n",           "1A=x\n",
        "CRON_TX=x\n",          "CRON_PIDS=9\n",      "\xEF\xBB\xBF* * * * * a\n",
        "* * * * * a\r\n",
    };
    Options options = in_berlin();
    options.unenforced = {{"CRON_PIDS", "no controller"}};
    std::set<std::string> raised;
    const auto add = [&](const std::string& text) {
        for (const Diagnostic& diagnostic : parse(text, options).diagnostics) {
            CHECK(diagnostic.severity == Severity::warning);
            raised.insert(diagnostic.name);
        }
    };
    for (const std::string& example : examples) add(example);
    std::string many;
    for (std::size_t i = 0; i <= kDiagnosticsMax; ++i) many += "1A=x\n";
    add(many);
    options.dialect = Dialect::supercronic;
    add("* * * * * a\nA=x\n");
    std::set<std::string> listed;
    for (const WarningName& warning : warning_names()) {
        CHECK(listed.insert(std::string(warning.name)).second);
        CHECK_FALSE(warning.meaning.empty());
    }
    CHECK(raised == listed);
}

}  // namespace
}  // namespace cron::crontab
