#include "crontab/shell_text.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace cron::crontab {
namespace {

constexpr int kNestingMax = 32;

// The longest first of those that begin alike.
constexpr std::array<std::string_view, 11> kRedirections = {"&>>", "&>", "<<<", "<<-", "<<", "<&",
                                                            "<>",  "<",  ">>",  ">&",  ">|"};
constexpr std::array<std::string_view, 9> kControls = {"&&", "&", "|&", "||", "|",
                                                       ";;", ";", "(",  ")"};

bool is_blank_or_return(char c) { return is_blank(c) || c == '\r'; }
bool is_operator_char(char c) {
    return std::string_view("|&;<>()").find(c) != std::string_view::npos;
}

class Reader {
  public:
    explicit Reader(std::string_view text) { read_.text = text; }

    ShellText read() {
        // Its patterns have brackets without a partner.
        if (rest().find("esac") != std::string_view::npos) read_.is_certain = false;
        while (read_.is_certain && read_.is_closed) {
            while (!at_end() && is_blank_or_return(peek())) ++at_;
            if (at_end() || peek() == '#') break;
            read_token();
        }
        return std::move(read_);
    }

  private:
    using Kind = ShellToken::Kind;

    bool at_end() const { return at_ >= read_.text.size(); }
    char peek() const { return read_.text[at_]; }
    std::string_view rest() const { return read_.text.substr(at_); }
    bool follows(std::string_view text) const { return rest().starts_with(text); }

    void add(Kind kind, std::size_t begin) {
        if (!in_test_) read_.tokens.push_back({kind, begin, at_});
    }

    void read_token() {
        const std::size_t begin = at_;
        // Arithmetic, where > is no redirection.
        if (follows("((")) {
            read_.is_certain = false;
        } else if (follows("<(") || follows(">(") || !is_operator_char(peek())) {
            read_word(begin);
        } else if (!read_operator(begin)) {
            ++at_;
            add(Kind::redirection, begin);
        }
    }

    // ">" is left: it is the beginning of others.
    bool read_operator(std::size_t begin) {
        const auto take = [&](const auto& operators, Kind kind) {
            const auto found = std::find_if(operators.begin(), operators.end(),
                                            [&](std::string_view one) { return follows(one); });
            if (found == operators.end()) return false;
            at_ += found->size();
            add(kind, begin);
            return true;
        };
        return take(kRedirections, Kind::redirection) || take(kControls, Kind::control);
    }

    void read_word(std::size_t begin) {
        while (!at_end() && !is_blank_or_return(peek())) {
            if (follows("<(") || follows(">(")) {
                at_ += 2;
                skip_substitution(1);
            } else if (is_operator_char(peek())) {
                break;
            } else {
                skip_part(0);
            }
        }
        at_ = std::min(at_, read_.text.size());
        const std::string_view word = read_.text.substr(begin, at_ - begin);
        const bool is_number = !word.empty() && std::all_of(word.begin(), word.end(), is_digit) &&
                               !follows_ampersand();
        if (is_number && !at_end() && (peek() == '<' || peek() == '>')) {
            if (!read_operator(begin)) {
                ++at_;
                add(Kind::redirection, begin);
            }
            return;
        }
        if (word == "[[") in_test_ = true;
        add(Kind::word, begin);
        if (word == "]]") in_test_ = false;
    }

    // Whether the last token is "2>&" or "<&".
    bool follows_ampersand() const {
        if (read_.tokens.empty() || read_.tokens.back().kind != Kind::redirection) return false;
        return read_[read_.tokens.back()].ends_with('&');
    }

    // A character of a word, or what begins with it and ends elsewhere.
    void skip_part(int nesting) {
        if (nesting > kNestingMax || follows("$'")) {
            read_.is_certain = false;
            at_ = read_.text.size();
        } else if (peek() == '\\') {
            at_ += 2;
        } else if (peek() == '\'') {
            const std::size_t close = read_.text.find('\'', at_ + 1);
            read_.is_closed = close != std::string_view::npos;
            at_ = read_.is_closed ? close + 1 : read_.text.size();
        } else if (peek() == '"') {
            ++at_;
            skip_to('"', nesting + 1);
        } else {
            skip_expansion(nesting);
        }
    }

    // The same within "...", where ' is a character.
    void skip_expansion(int nesting) {
        if (follows("$$")) {
            at_ += 2;
            return;
        }
        if (follows("$(")) {
            at_ += 2;
            skip_substitution(nesting + 1);
        } else if (follows("${")) {
            at_ += 2;
            skip_to('}', nesting + 1);
        } else if (peek() == '`') {
            ++at_;
            skip_backquoted();
        } else {
            ++at_;
        }
    }

    // To the end of "..." or ${...}.
    void skip_to(char close, int nesting) {
        if (nesting > kNestingMax) read_.is_certain = false;
        while (!at_end() && peek() != close && read_.is_certain) {
            // Which quotes count within ${...} depends on what is round it.
            if (close == '}' && (peek() == '\'' || peek() == '"')) read_.is_certain = false;
            if (peek() == '\\') {
                at_ += 2;
            } else {
                skip_expansion(nesting);
            }
        }
        close_at_end();
    }

    void skip_backquoted() {
        while (!at_end() && peek() != '`') at_ += peek() == '\\' ? 2 : 1;
        close_at_end();
    }

    // To the bracket that ends $(...), $((...)) or <(...).
    void skip_substitution(int nesting) {
        if (nesting > kNestingMax) read_.is_certain = false;
        while (!at_end() && peek() != ')' && read_.is_certain) {
            if (peek() == '(') {
                ++at_;
                skip_substitution(nesting + 1);
            } else if (peek() == '#' && is_blank(read_.text[at_ - 1])) {
                read_.is_certain = false;  // perhaps a comment, perhaps with a bracket
            } else {
                skip_part(nesting);
            }
        }
        close_at_end();
    }

    void close_at_end() {
        if (at_end()) {
            read_.is_closed = false;
        } else {
            ++at_;
        }
    }

    ShellText read_;
    std::size_t at_ = 0;
    bool in_test_ = false;  // within [[ ]], where > compares
};

}  // namespace

ShellRedirection redirection_at(const ShellText& shell, std::size_t index) {
    const std::string_view whole = shell[shell.tokens[index]];
    const std::size_t mark = std::min(whole.find_first_of("<>&"), whole.size());
    const bool has_target =
        index + 1 < shell.tokens.size() && shell.tokens[index + 1].kind == ShellToken::Kind::word;
    return {whole.substr(0, mark), whole.substr(mark),
            has_target ? shell[shell.tokens[index + 1]] : std::string_view()};
}

ShellText read_shell(std::string_view text) { return Reader(text).read(); }

}  // namespace cron::crontab
