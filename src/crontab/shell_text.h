// Just enough of a shell's grammar to see the words and the redirections of a command.
// Source: POSIX.1-2024, XCU 2.3, Token Recognition; and the operators that bash adds.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cron::crontab {

struct ShellToken {
    enum class Kind {
        word,         // <(...) and >(...) too
        redirection,  // ">", "2>&", "&>>": the number and the operator, without the target
        control,      // "|", "&&", ";", "(" and their like
    };
    Kind kind = Kind::word;
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct ShellText {
    std::string_view text;
    std::vector<ShellToken> tokens;  // up to a comment
    // No quote and no substitution is open at the end.
    bool is_closed = true;
    // False where this reader knows too little: then the rest says nothing.
    bool is_certain = true;

    std::string_view operator[](const ShellToken& token) const {
        return text.substr(token.begin, token.end - token.begin);
    }
};

// The parts of a redirection: "2", ">&", and the word that follows.
struct ShellRedirection {
    std::string_view number;  // may be empty
    std::string_view mark;
    std::string_view target;  // empty: no word follows

    bool writes_file() const { return mark == ">" || mark == ">>" || mark == ">|"; }
    bool is_of_output() const {
        return (number.empty() || number == "1") && mark.find('>') != std::string_view::npos;
    }
};

// `index` is that of a redirection.
ShellRedirection redirection_at(const ShellText& shell, std::size_t index);

// What stands in quotes and substitutions is a part of its word. Costs the length of the text.
ShellText read_shell(std::string_view text);

}  // namespace cron::crontab
