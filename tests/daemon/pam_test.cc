#include "daemon/pam.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support.h"

namespace cron::daemon {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("pam: is on where the machine has a service for the cron that we stand for", "[daemon]") {
    const TemporaryFolder root;
    std::filesystem::create_directories(root / "etc/pam.d");
    Config config;
    CHECK_FALSE(find_pam_service(config, root.path()));
    std::ofstream(root / "etc/pam.d/cron") << "";
    const process::PamService cron{"cron", root / "etc/pam.d"};
    CHECK(find_pam_service(config, root.path()) == cron);
    config.flavour = crontab::Flavour::cronie;
    CHECK_FALSE(find_pam_service(config, root.path()));
    std::ofstream(root / "etc/pam.d/crond") << "";
    const process::PamService crond{"crond", root / "etc/pam.d"};
    CHECK(find_pam_service(config, root.path()) == crond);
}

TEST_CASE("pam: crond.json turns it off, or on where the machine has no such file", "[daemon]") {
    const TemporaryFolder root;
    std::filesystem::create_directories(root / "etc/pam.d");
    Config config;
    config.pam = Pam::yes;
    const process::PamService cron{"cron", root / "etc/pam.d"};
    CHECK(find_pam_service(config, root.path()) == cron);
    std::ofstream(root / "etc/pam.d/cron") << "";
    config.pam = Pam::no;
    CHECK_FALSE(find_pam_service(config, root.path()));
}

TEST_CASE("pam: the machine's own service is looked for where libpam looks", "[daemon]") {
    Config config;
    config.pam = Pam::yes;
    CHECK(find_pam_service(config, "") == process::PamService{"cron", ""});
}

TEST_CASE("pam: the advice names the file of the service and the switch", "[daemon]") {
    CHECK_THAT(pam_advice({"cron", ""}), Contains("out of /etc/pam.d/cron, "));
    CHECK_THAT(pam_advice({"crond", "/r/etc/pam.d"}), Contains("out of /r/etc/pam.d/crond, "));
    CHECK_THAT(pam_advice({"cron", ""}), Contains("\"pam\": \"no\" in crond.json"));
}

TEST_CASE("pam: the advice says what the machine withholds, and which module needs it",
          "[daemon]") {
    const auto advice_without = [](int capability) {
        auto [read_end, write_end] = make_pipe();
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
            const std::string advice = pam_advice({"cron", ""});
            const ssize_t written = ::write(write_end.get(), advice.data(), advice.size());
            ::_exit(written < 0 ? 1 : 0);
        }
        write_end.reset();
        const std::string advice = read_all(read_end.get());
        ::waitpid(pid, nullptr, 0);
        return advice;
    };
    if (::geteuid() != 0) {
        WARN("skipped: needs root");
        return;
    }
    CHECK_THAT(advice_without(CAP_AUDIT_CONTROL),
               Contains("withholds CAP_AUDIT_CONTROL, which pam_loginuid needs"));
    CHECK_THAT(advice_without(CAP_SYS_RESOURCE),
               Contains("withholds CAP_SYS_RESOURCE, which pam_limits needs"));
}

}  // namespace
}  // namespace cron::daemon
