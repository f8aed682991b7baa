// The words and redirections of shell commands.
#include "crontab/shell_text.h"

#include <catch2/catch.hpp>

#include <string>

#include "support.h"

namespace cron::crontab {
namespace {

// "w:word", "r:2>&", "c:|" for each token.
Strings tokens(std::string_view text) {
    const ShellText shell = read_shell(text);
    CHECK(shell.is_certain);
    CHECK(shell.is_closed);
    Strings out;
    for (const ShellToken& token : shell.tokens) {
        const char* kind = token.kind == ShellToken::Kind::word          ? "w:"
                           : token.kind == ShellToken::Kind::redirection ? "r:"
                                                                         : "c:";
        out.push_back(kind + std::string(shell[token]));
    }
    return out;
}

TEST_CASE("shell: words, redirections and what parts commands", "[crontab]") {
    CHECK(tokens("a b>c 2>&1") == Strings{"w:a", "w:b", "r:>", "w:c", "r:2>&", "w:1"});
    CHECK(tokens("a2>b") == Strings{"w:a2", "r:>", "w:b"});
    CHECK(tokens("a 2 >b") == Strings{"w:a", "w:2", "r:>", "w:b"});
    CHECK(tokens("a 2>&1>b") == Strings{"w:a", "r:2>&", "w:1", "r:>", "w:b"});
    CHECK(tokens("a&>b&&c||d|e|&f;g&") == Strings{"w:a", "r:&>", "w:b", "c:&&", "w:c", "c:||",
                                                  "w:d", "c:|", "w:e", "c:|&", "w:f", "c:;", "w:g",
                                                  "c:&"});
    CHECK(tokens("a &>>b >>c >|d <e <&3 <>f 10>g") ==
          Strings{"w:a", "r:&>>", "w:b", "r:>>", "w:c", "r:>|", "w:d", "r:<", "w:e", "r:<&", "w:3",
                  "r:<>", "w:f", "r:10>", "w:g"});
    CHECK(tokens("a<<<b <(c > d) >(e)x") ==
          Strings{"w:a", "r:<<<", "w:b", "w:<(c > d)", "w:>(e)x"});
    CHECK(tokens("(a; b)") == Strings{"c:(", "w:a", "c:;", "w:b", "c:)"});
    CHECK(tokens("  a\t b\r") == Strings{"w:a", "w:b"});
    CHECK(tokens("").empty());
}

TEST_CASE("shell: quotes and substitutions are parts of their word", "[crontab]") {
    for (const std::string_view word :
         {"'a > b'", "\"a > b\"", "a\\ \\>b", "\"a \\\" > b\"", "'a \" b'", "\"it's\"", "$(a > b)",
          "\"$(a \"b )\" c)\"", "$(a $(b ')') \\))", "$((1 > 2))", "`a > b \\` c`", "\"`a > b`\"",
          "${x:-a > b}", "\"${x#* }\"", "a'b c'd", "\"$$(\"", "$(a (b) c)", "x=\"a b\""}) {
        CAPTURE(word);
        CHECK(tokens(word) == Strings{"w:" + std::string(word)});
    }
    CHECK(tokens("a # b > c 'd") == Strings{"w:a"});
    CHECK(tokens("a#b") == Strings{"w:a#b"});
    CHECK(tokens("[[ a > 1 && b ]] && c") == Strings{"c:&&", "w:c"});
}

TEST_CASE("shell: what is left open is told", "[crontab]") {
    for (const std::string_view text : {"a '", "a \"b", "a \"b'", "$(a", "`a", "\"$(a", "\"$(a)",
                                        "${a", "a $((1", "\"`a\"", "a <(b", "a \\' '"}) {
        CAPTURE(text);
        const ShellText shell = read_shell(text);
        CHECK(shell.is_certain);
        CHECK_FALSE(shell.is_closed);
    }
}

TEST_CASE("shell: what this reader does not know it does not judge", "[crontab]") {
    for (const std::string_view text : {"case $x in a) b;; esac", "$(case $x in a) b;; esac)",
                                        "((x > 1))", "a $'b\\'c'", "\"${x:-'}\"", "$(a # it's)"}) {
        CAPTURE(text);
        CHECK_FALSE(read_shell(text).is_certain);
    }
    std::string deep;
    for (int i = 0; i < 50'000; ++i) deep += "$(";
    CHECK_FALSE(read_shell(deep).is_certain);
}

}  // namespace
}  // namespace cron::crontab
