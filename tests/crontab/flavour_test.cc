#include "crontab/flavour.h"

#include <catch2/catch.hpp>

namespace cron::crontab {

TEST_CASE("flavour: each has its row, under its name", "[crontab]") {
    for (const Flavour flavour : {Flavour::debian, Flavour::cronie}) {
        CHECK(ways_of(flavour).flavour == flavour);
        CHECK(find_flavour(ways_of(flavour).name) == flavour);
    }
    CHECK_FALSE(find_flavour("vixie"));
    CHECK_FALSE(find_flavour(""));
}

TEST_CASE("flavour: what others rely on is as in Debian's cron and in cronie", "[crontab]") {
    const Ways& debian = ways_of(Flavour::debian);
    CHECK(debian.folds_backslashes);
    CHECK(debian.path == "/usr/bin:/bin");
    CHECK(debian.is_open_without_lists);
    CHECK(debian.ident == "cron");
    CHECK(debian.job_ident == "CRON");
    CHECK(debian.end_action == "END");
    const Ways& cronie = ways_of(Flavour::cronie);
    CHECK_FALSE(cronie.folds_backslashes);
    CHECK(cronie.path == "/usr/bin:/bin:/usr/sbin:/sbin");
    CHECK_FALSE(cronie.is_open_without_lists);
    CHECK(cronie.ident == "crond");
    CHECK(cronie.job_ident == "CROND");
    CHECK(cronie.end_action == "CMDEND");
}

}  // namespace cron::crontab
