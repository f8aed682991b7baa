#include "daemon/signals.h"

#include <csignal>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {

TEST_CASE("signals: what is received is read with its sender, and kills nobody", "[daemon]") {
    const ChildResult result = in_child([] {
        Signals signals = *Signals::take();
        for (const int number : {SIGHUP, SIGURG, SIGTERM, SIGINT, SIGUSR1, SIGUSR2}) {
            ::raise(number);
            const auto received = *signals.next();
            if (!received || received->number != number || received->sender != ::getpid()) return 1;
        }
        return *signals.next() ? 2 : 0;
    });
    CHECK(result.status == 0);
}

TEST_CASE("signals: dispositions and mask are ours, whatever was inherited", "[daemon]") {
    const ChildResult result = in_child([] {
        sigset_t all;
        sigfillset(&all);
        ::sigprocmask(SIG_SETMASK, &all, nullptr);
        std::signal(SIGCHLD, SIG_IGN);  // the kernel would reap our children
        std::signal(SIGHUP, SIG_IGN);   // nohup
        const Signals signals = *Signals::take();
        const auto disposition = [](int number) {
            struct sigaction action {};
            ::sigaction(number, nullptr, &action);
            return action.sa_handler;
        };
        sigset_t mask;
        ::sigprocmask(SIG_SETMASK, nullptr, &mask);
        report(fmt::format("{}{}{} {}{}{}{}", disposition(SIGCHLD) == SIG_DFL,
                           disposition(SIGHUP) == SIG_DFL, disposition(SIGPIPE) == SIG_IGN,
                           sigismember(&mask, SIGHUP), sigismember(&mask, SIGTERM),
                           sigismember(&mask, SIGCHLD), sigismember(&mask, SIGALRM)));
        return 0;
    });
    CHECK(result.report == "truetruetrue 1100");
}

TEST_CASE("signals: a write to a pipe without a reader fails and does not kill", "[daemon]") {
    const ChildResult result = in_child([] {
        const Signals signals = *Signals::take();
        auto [reader, writer] = make_pipe();
        reader.reset();
        return ::write(writer.get(), "x", 1) < 0 ? 0 : 1;
    });
    CHECK(result.status == 0);
}

}  // namespace cron::daemon
