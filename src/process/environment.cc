#include "process/environment.h"

#include <set>

#include <fmt/format.h>

namespace cron::process {
namespace {

// Takes variables in order of their rank: the first that sets a name wins.
class Builder {
  public:
    void add(std::string_view name, std::string_view value) {
        if (!names_.insert(std::string(name)).second) return;
        if (name == "SHELL") environment_.shell = value;
        if (name == "HOME") environment_.home = value;
        environment_.variables.push_back(fmt::format("{}={}", name, value));
    }
    JobEnvironment take() { return std::move(environment_); }

  private:
    std::set<std::string> names_;
    JobEnvironment environment_;
};

}  // namespace

JobEnvironment build_environment(const crontab::Environment& table, const Identity& who,
                                 std::span<const std::string> base, const crontab::Environment& run,
                                 std::string_view path) {
    Builder builder;
    const auto is_of_run = [&](std::string_view name) {
        return crontab::find(run, name) != nullptr;
    };
    for (const crontab::Assignment& assignment : table) {
        if (!crontab::is_fixed_variable(assignment.name) && !is_of_run(assignment.name))
            builder.add(assignment.name, assignment.value);
    }
    for (const std::string_view variable : base) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        const std::string_view name = variable.substr(0, equals);
        const bool is_of_user = name == "LOGNAME" || name == "USER";
        if (name != "SHELL" && !is_of_run(name) &&
            (is_of_user || !crontab::is_fixed_variable(name))) {
            builder.add(name, variable.substr(equals + 1));
        }
    }
    builder.add("SHELL", "/bin/sh");
    builder.add("HOME", who.home);
    builder.add("PATH", path);
    builder.add("LOGNAME", who.name);
    builder.add("USER", who.name);
    for (const crontab::Assignment& variable : run) builder.add(variable.name, variable.value);
    return builder.take();
}

std::vector<std::string> shell_arguments(std::string_view shell, std::string_view command) {
    return {std::string(shell), "-c", std::string(command)};
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace cron::process
