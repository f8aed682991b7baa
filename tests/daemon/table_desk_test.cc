// Where users have their tables changed.
#include "daemon/table_desk.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "support.h"

using namespace cron;
using namespace cron::daemon;

namespace {

constexpr const char* kCaller = "caller";

// Of a crond that runs as we do, on a spool of its own.
class Desk {
  public:
    explicit Desk(std::chrono::milliseconds queue_time = std::chrono::seconds(60)) {
        std::filesystem::create_directory(folder_ / "crontabs");
        TableDesk::Settings settings;
        settings.tables = {folder_ / "crontabs", folder_ / "previous"};
        settings.permission = {folder_ / "cron.allow", folder_ / "cron.deny"};
        settings.reading.trusted = ::geteuid();
        settings.reading.caller = kCaller;
        settings.reading.find_zone = [](std::string_view) -> Result<calendar::Zone> {
            return failure(ErrorCode::not_found, "there is no such zone");
        };
        settings.queue_time = queue_time;
        desk_ = std::make_unique<TableDesk>(std::move(settings));
    }

    TableDesk::Served serve(
        const control::Request& request,
        const std::function<bool()>& has_gone = [] { return false; }) {
        return desk_->serve({::geteuid(), 42}, request, has_gone);
    }
    const TemporaryFolder& folder() const { return folder_; }

  private:
    TemporaryFolder folder_;
    std::unique_ptr<TableDesk> desk_;
};

}  // namespace

TEST_CASE("table_desk: crond's own user has a table by the name that he has here", "[control]") {
    Desk desk;
    const auto installed = desk.serve(control::InstallTable{kCaller, "# text\n", ""});
    REQUIRE(installed.answer);
    CHECK_FALSE(installed.answer->text);
    CHECK(installed.has_changed);
    CHECK(content_of(desk.folder() / "crontabs/caller") == "# text\n");
    const auto read = desk.serve(control::ReadTable{kCaller});
    REQUIRE(read.answer);
    CHECK(read.answer->text == "# text\n");
    CHECK(read.answer->version == installed.answer->version);
    CHECK_FALSE(read.has_changed);
}

TEST_CASE("table_desk: each thing done is said as the classics say it, undoing too", "[control]") {
    Desk desk;
    const auto said = [&](const control::Request& request) {
        const auto served = desk.serve(request);
        return served.record ? served.record->classic : "";
    };
    CHECK(said(control::InstallTable{kCaller, "# text\n", {}}) == "(caller) REPLACE (caller)");
    CHECK(said(control::ReadTable{kCaller}) == "(caller) LIST (caller)");
    CHECK(said(control::RemoveTable{kCaller, {}}) == "(caller) DELETE (caller)");
    CHECK(said(control::UndoTable{kCaller}) == "(caller) REPLACE (caller)");
    CHECK(said(control::UndoTable{kCaller}) == "(caller) DELETE (caller)");
    CHECK(said(control::RemoveTable{kCaller, {}}).empty());
}

TEST_CASE("table_desk: errors keep a table out, warnings do not", "[control]") {
    Desk desk;
    for (const char* bad : {"61 * * * * x\n", "CRON_TZ=Nowhere\n* * * * * x\n", "@sometimes x\n"}) {
        const auto served = desk.serve(control::InstallTable{kCaller, bad, {}});
        REQUIRE_FALSE(served.answer);
        CHECK(served.answer.error().error.code == ErrorCode::invalid);
        CHECK(served.answer.error().diagnostics.size() == 1);
        CHECK_FALSE(served.has_changed);
    }
    CHECK(std::filesystem::is_empty(desk.folder() / "crontabs"));
    CHECK(desk.serve(control::InstallTable{kCaller, "0 0 31 2 * x\n", {}}).answer);
}

TEST_CASE("table_desk: for who has gone nothing is done", "[control]") {
    Desk desk;
    const auto served =
        desk.serve(control::InstallTable{kCaller, "# text\n", {}}, [] { return true; });
    CHECK_FALSE(served.answer);
    CHECK(std::filesystem::is_empty(desk.folder() / "crontabs"));
}

TEST_CASE("table_desk: who waits too long for others is told to come back", "[control]") {
    Desk desk(std::chrono::milliseconds(10));
    std::mutex mutex;
    std::condition_variable changed;
    bool is_inside = false;
    bool may_leave = false;
    std::thread slow([&] {
        desk.serve(control::ReadTable{kCaller}, [&] {
            std::unique_lock lock(mutex);
            is_inside = true;
            changed.notify_all();
            changed.wait(lock, [&] { return may_leave; });
            return false;
        });
    });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return is_inside; });
    }
    const auto served = desk.serve(control::ReadTable{kCaller});
    {
        const std::lock_guard lock(mutex);
        may_leave = true;
        changed.notify_all();
    }
    slow.join();
    REQUIRE_FALSE(served.answer);
    CHECK(served.answer.error().error.code == ErrorCode::busy);
    CHECK(desk.serve(control::ReadTable{kCaller}).answer);
}
