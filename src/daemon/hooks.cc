#include "daemon/hooks.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/clock.h"
#include "daemon/facts.h"
#include "engine/run_variables.h"
#include "process/environment.h"
#include "process/input.h"

namespace cron::daemon {
namespace {

const crontab::SharedText& command_of(const engine::Deliver& order) {
    const crontab::Policy& policy = *order.entry->policy;
    return order.outcome.is_success() ? policy.on_success : policy.on_failure;
}

Result<UniqueFd> make_hook_input(const std::optional<OutputFiles>& output) {
    if (!output) return UniqueFd();
    const auto text = output->read(kHookInputMax);
    if (!text) return tl::unexpected(text.error());
    return process::make_input(text->text);
}

}  // namespace

crontab::Environment outcome_variables(const engine::Outcome& outcome) {
    const bool is_success = outcome.is_success();
    crontab::Environment variables = {{"CRON_OUTCOME", is_success ? "success" : "failure"}};
    if (outcome.kind == engine::Outcome::Kind::exited) {
        const engine::ExitStatus& status = outcome.status;
        if (status.is_known) {
            variables.push_back(
                {status.signalled ? "CRON_SIGNAL" : "CRON_STATUS", std::to_string(status.value)});
        }
        variables.push_back({"CRON_DURATION", seconds_text(outcome.duration)});
    }
    if (!is_success) variables.push_back({"CRON_REASON", failure_text(outcome)});
    return variables;
}

void Hooks::run(const engine::Deliver& order, const process::Identity& identity,
                const std::optional<OutputFiles>& output) {
    if (command_of(order).is_empty()) return;
    Hook hook{order, identity, std::nullopt, std::nullopt};
    if (output) {
        auto same = output->duplicate();
        if (!same) return complain(order, same.error());
        hook.run_output = *std::move(same);
    }
    const std::uint64_t id = ++last_id_;
    hooks_.emplace(id, std::move(hook));
    Errand errand;
    errand.uid = identity.uid;
    errand.time_max = kHookTime;
    errand.prepare = [this, id] { return prepare(id); };
    errand.ended = [this, id](const ErrandEnd& end) { ended(id, end); };
    if (programs_.add(std::move(errand))) return;
    hooks_.erase(id);
    complain(order, {ErrorCode::limit, "too many hooks of this user wait already"});
}

std::optional<Errand::Program> Hooks::prepare(std::uint64_t id) {
    Hook& hook = hooks_.at(id);
    auto program = program_of(hook);
    if (!program) {
        complain(hook.order, program.error());
        hooks_.erase(id);
        return std::nullopt;
    }
    if (hook.output) outputs_.watch(*hook.order.entry, hook.order.key, *hook.output);
    return *std::move(program);
}

Result<Errand::Program> Hooks::program_of(Hook& hook) {
    const crontab::Entry& entry = *hook.order.entry;
    auto input = make_hook_input(std::exchange(hook.run_output, std::nullopt));
    if (!input) return tl::unexpected(input.error());
    auto opened = outputs_.open_for_hook(hook.order, hook.identity, hook.output);
    if (!opened) return tl::unexpected(opened.error());
    crontab::Environment variables =
        engine::run_variables(hook.order.key, hook.order.attempt, entry);
    for (auto& variable : outcome_variables(hook.order.outcome)) {
        variables.push_back(std::move(variable));
    }
    const auto environment = process::build_environment(*entry.environment, hook.identity,
                                                        customs_.variables.to(hook.identity.uid),
                                                        variables, customs_.default_path());
    Errand::Program program;
    process::LaunchOrder& order = program.order;
    order.arguments = process::shell_arguments(environment.shell, command_of(hook.order).view());
    order.environment = environment.variables;
    order.identity = hook.identity;
    order.change_user = change_user_;
    if (change_user_) order.pam = pam_;
    order.home = environment.home;
    order.umask = entry.policy->launch.umask;
    order.input_fd = input->get();
    order.output_fd = opened->output;
    order.error_fd = opened->error;
    program.descriptors.push_back(*std::move(input));
    program.descriptors.push_back(std::move(opened->own_output));
    program.descriptors.push_back(std::move(opened->own_error));
    return program;
}

void Hooks::ended(std::uint64_t id, const ErrandEnd& end) {
    auto ended = hooks_.extract(id);
    Hook& hook = ended.mapped();
    take_output(hook);
    if (!end.status) return complain(hook.order, end.status.error());
    log_.write(hook_ended(hook.order, *end.status, end.is_timed_out), read_clock().instant);
}

void Hooks::give_up(bool end_with_us) {
    programs_.give_up(end_with_us);
    for (auto& [id, hook] : hooks_) {
        take_output(hook);
        complain(hook.order, {ErrorCode::busy, "it goes on while the daemon stops"});
    }
    hooks_.clear();
}

void Hooks::take_output(Hook& hook) {
    if (!hook.output) return;
    outputs_.unwatch(*hook.output);
    log_output(log_, *hook.order.entry, hook.order.key, *hook.output);
}

void Hooks::complain(const engine::Deliver& order, const Error& error) {
    log_.write(hook_problem(order, error.message), read_clock().instant);
}

}  // namespace cron::daemon
