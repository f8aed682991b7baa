#include "daemon/upgrade_format.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "base/text.h"

namespace cron::daemon {
namespace {

constexpr std::string_view kNone = "-";

// Any bytes as one word.
std::string to_word(std::string_view bytes) {
    if (bytes.empty()) return std::string(kNone);
    std::string word;
    for (const char byte : bytes) word += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return word;
}

std::string to_word(const std::optional<Monotonic>& time) {
    return time ? std::to_string(time->time_since_epoch().count()) : std::string(kNone);
}

// " FD NAME BEGIN END" for each file.
std::string to_words(const std::optional<HandedOutputs>& outputs) {
    std::string words;
    const auto add = [&](const HandedOutput& output) {
        const process::OutputState& state = output.state;
        words += fmt::format(" {} {} {} {}", output.fd,
                             state.name.empty() ? kNone : std::string_view(state.name),
                             state.left_out_begin, state.left_out_end);
    };
    if (outputs) add(outputs->all);
    if (outputs && outputs->errors) add(*outputs->errors);
    return words;
}

// The words of one line, each asked for once. After a word that is not what it should be, or is not
// there, is_good() is false.
class Words {
  public:
    explicit Words(std::string_view line) : rest_(line) {}

    std::string_view next() {
        const std::size_t length = std::min(rest_.find(' '), rest_.size());
        const std::string_view word = rest_.substr(0, length);
        rest_.remove_prefix(std::min(length + 1, rest_.size()));
        is_good_ = is_good_ && !word.empty();
        return word;
    }

    template <class Number>
    Number number(Number least = std::numeric_limits<Number>::min()) {
        const std::string_view word = next();
        Number value{};
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        is_good_ =
            is_good_ && error == std::errc() && end == word.data() + word.size() && value >= least;
        return value;
    }

    // 0, 1 and 2 are not handed over.
    int descriptor() { return number<int>(3); }
    Monotonic time() { return Monotonic{microseconds{number<std::int64_t>()}}; }

    std::optional<Monotonic> optional_time() {
        if (!rest_.starts_with(kNone)) return time();
        is_good_ = is_good_ && next() == kNone;
        return std::nullopt;
    }

    std::string bytes() {
        const std::string_view word = next();
        std::string bytes;
        if (word == kNone) return bytes;
        is_good_ = is_good_ && word.size() % 2 == 0;
        for (std::size_t at = 0; is_good_ && at < word.size(); at += 2) {
            unsigned value = 0;
            const char* const end = word.data() + at + 2;
            is_good_ = std::from_chars(word.data() + at, end, value, 16).ptr == end;
            bytes += static_cast<char>(value);
        }
        return bytes;
    }

    void refuse() { is_good_ = false; }
    bool is_good() const { return is_good_; }
    bool is_at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
    bool is_good_ = true;
};

HandedOutput read_output(Words& words) {
    HandedOutput output;
    output.fd = words.descriptor();
    const std::string_view name = words.next();
    // It names a file in our folder and nowhere else.
    if (name.find('/') != std::string_view::npos || name.starts_with('.')) words.refuse();
    if (name != kNone) output.state.name = name;
    output.state.left_out_begin = words.number<std::uint64_t>();
    output.state.left_out_end = words.number<std::uint64_t>();
    return output;
}

std::optional<HandedOutputs> read_outputs(Words& words) {
    if (words.is_at_end()) return std::nullopt;
    HandedOutputs outputs{read_output(words), std::nullopt};
    if (!words.is_at_end()) outputs.errors = read_output(words);
    return outputs;
}

// One line of what every daemon reads; false if it is not one.
bool read_general(std::string_view word, Words& words, Handover& handover) {
    if (word == "version") {
        handover.version = words.next();
    } else if (word == "process") {
        handover.pid = words.number<int>(1);
        handover.process_start = words.number<std::uint64_t>();
    } else if (word == "descriptors-max") {
        handover.descriptors_soft = words.number<std::uint64_t>();
        handover.descriptors_hard = words.number<std::uint64_t>();
    } else if (word == "directory") {
        handover.directory = words.bytes();
    } else if (word == "descriptor") {
        const std::string name(words.next());
        if (!handover.descriptors.emplace(name, words.descriptor()).second) words.refuse();
    } else {
        return false;
    }
    return true;
}

// One line of what our format has besides.
bool read_own(std::string_view word, Words& words, Handover& handover) {
    if (word == "run") {
        HandedRun& run = handover.runs.emplace_back();
        run.pid = words.number<int>(2);
        run.process_start = words.number<std::uint64_t>();
        run.pidfd = words.descriptor();
        run.report = words.number<int>(-1);
        run.session = words.number<int>(-1);
        run.kill_at = words.optional_time();
        run.output = read_outputs(words);
    } else if (word == "retry") {
        HandedRetry& retry = handover.retries.emplace_back();
        retry.key.job = JobId::of_bytes(words.bytes());
        retry.key.due = Instant{microseconds{words.number<std::int64_t>()}};
        retry.key.pass = words.number<engine::Pass>();
        const auto output = read_outputs(words);
        if (output) retry.output = *output;
        if (!output) words.refuse();
    } else if (word == "remnant") {
        HandedRemnant& remnant = handover.remnants.emplace_back();
        remnant.pid = words.number<int>(2);
        remnant.pidfd = words.descriptor();
        remnant.kill_at = words.time();
    } else if (word == "group") {
        HandedGroup& group = handover.groups.emplace_back();
        group.path = words.bytes();
        group.kill_at = words.time();
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::vector<int> Handover::numbers() const {
    std::vector<int> numbers;
    const auto add_outputs = [&](const std::optional<HandedOutputs>& outputs) {
        if (outputs) numbers.push_back(outputs->all.fd);
        if (outputs && outputs->errors) numbers.push_back(outputs->errors->fd);
    };
    for (const auto& [name, fd] : descriptors) numbers.push_back(fd);
    for (const HandedRun& run : runs) {
        numbers.push_back(run.pidfd);
        if (run.report >= 0) numbers.push_back(run.report);
        if (run.session >= 0) numbers.push_back(run.session);
        add_outputs(run.output);
    }
    for (const HandedRetry& retry : retries) add_outputs(retry.output);
    for (const HandedRemnant& remnant : remnants) numbers.push_back(remnant.pidfd);
    return numbers;
}

std::string print(const Handover& handover) {
    std::string text = fmt::format(
        "crond-upgrade {}\nversion {}\nprocess {} {}\ndescriptors-max {} {}\ndirectory {}\n",
        handover.format, handover.version, handover.pid, handover.process_start,
        handover.descriptors_soft, handover.descriptors_hard, to_word(handover.directory));
    for (const auto& [name, fd] : handover.descriptors) {
        text += fmt::format("descriptor {} {}\n", name, fd);
    }
    for (const HandedRun& run : handover.runs) {
        text += fmt::format("run {} {} {} {} {} {}{}\n", run.pid, run.process_start, run.pidfd,
                            run.report, run.session, to_word(run.kill_at), to_words(run.output));
    }
    for (const auto& [key, output] : handover.retries) {
        text += fmt::format("retry {} {} {}{}\n", to_word(key.job.bytes()),
                            key.due.time_since_epoch().count(), key.pass, to_words(output));
    }
    for (const HandedRemnant& remnant : handover.remnants) {
        text += fmt::format("remnant {} {} {}\n", remnant.pid, remnant.pidfd,
                            to_word(std::optional(remnant.kill_at)));
    }
    for (const HandedGroup& group : handover.groups) {
        text += fmt::format("group {} {}\n", to_word(group.path),
                            to_word(std::optional(group.kill_at)));
    }
    return text;
}

Result<Handover> parse_handover(std::string_view text) {
    Handover handover;
    for (bool is_first = true; !text.empty(); is_first = false) {
        const std::size_t end = text.find('\n');
        // Cut short: who knows what is missing.
        if (end == std::string_view::npos) return failure(ErrorCode::damaged, "it has no end");
        Words words(text.substr(0, end));
        text.remove_prefix(end + 1);
        const std::string_view word = words.next();
        bool is_known = true;
        if (is_first) {
            is_known = word == "crond-upgrade";
            handover.format = words.number<std::uint64_t>(1);
        } else {
            is_known = read_general(word, words, handover) ||
                       (handover.is_known() && read_own(word, words, handover));
        }
        const bool is_to_be_known = is_first || handover.is_known();
        if (is_known ? !words.is_good() : is_to_be_known) {
            return failure(ErrorCode::damaged,
                           fmt::format("its line '{}' cannot be read", printable(word)));
        }
    }
    std::set<int> seen;
    for (const int fd : handover.numbers()) {
        if (!seen.insert(fd).second) {
            return failure(ErrorCode::damaged, fmt::format("descriptor {} is there twice", fd));
        }
    }
    if (handover.pid == 0) return failure(ErrorCode::damaged, "it names no process");
    return handover;
}

}  // namespace cron::daemon
