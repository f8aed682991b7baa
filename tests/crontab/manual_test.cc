// crontab(5) and the code say the same.
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "crontab/settings.h"
#include "crontab/warnings.h"

namespace cron::crontab {
namespace {

std::string manual() {
    std::ifstream file(BELFRY_MANUAL);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("manual: names every warning", "[crontab]") {
    const std::string text = manual();
    REQUIRE(!text.empty());
    for (const WarningName& warning : warning_names()) {
        INFO(warning.name);
        CHECK(text.find("\n.It Li " + std::string(warning.name) + "\n") != std::string::npos);
    }
}

TEST_CASE("manual: names every setting", "[crontab]") {
    const std::string text = manual();
    for (const Setting& setting : all_settings()) {
        INFO(setting.name);
        CHECK(text.find("\n.It Ev " + std::string(setting.name) + "\n") != std::string::npos);
    }
}

}  // namespace cron::crontab
