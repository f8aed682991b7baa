// The zones in force, and what becomes of them when their files change.
#include "daemon/zone_book.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace cron::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kZoneinfo = "/usr/share/zoneinfo";
constexpr Instant kLater{std::chrono::sys_days{std::chrono::year{2100} / 1 / 1}};  // all is settled

// A machine's localtime and zoneinfo.
struct Machine {
    TemporaryFolder folder;
    zones::Sources sources;

    Machine() {
        sources.zoneinfo_dir = folder / "zoneinfo";
        sources.localtime = folder / "localtime";
        fs::create_directories(sources.zoneinfo_dir + "/Europe");
        fs::create_directories(sources.zoneinfo_dir + "/Asia");
        for (const char* name : {"Europe/Berlin", "Europe/Paris", "Asia/Tokyo"}) put(name, name);
    }
    // The data of the machine's zone `data` as the file of `name`, replaced at once.
    void put(const std::string& name, const std::string& data) const {
        replace(sources.zoneinfo_dir + '/' + name, kZoneinfo + ('/' + data));
    }
    void replace(const std::string& path, const std::string& with) const {
        fs::copy_file(with, folder / "new", fs::copy_options::overwrite_existing);
        fs::rename(folder / "new", path);
    }
    void link(const std::string& name) const {
        fs::create_symlink(sources.zoneinfo_dir + '/' + name, folder / "new");
        fs::rename(folder / "new", sources.localtime);
    }
    void write(const std::string& path, const std::string& text) const {
        std::ofstream(folder / "new") << text;
        fs::rename(folder / "new", path);
    }
    ZoneBook book() const { return ZoneBook(sources, *zones::local_zone(sources)); }
};

bool is_nothing(const ZoneBook::News& news) { return !news.is_new() && news.trouble.empty(); }

}  // namespace

TEST_CASE("zone book: while nothing changes there is no news", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    REQUIRE(book.find("Asia/Tokyo"));
    for (int i = 0; i < 3; ++i) CHECK(is_nothing(book.look(kLater, false)));
    CHECK(is_nothing(book.look(kLater, true)));
}

TEST_CASE("zone book: another link is another zone", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    book.look(kLater, false);
    machine.link("Asia/Tokyo");
    const ZoneBook::News news = book.look(kLater, false);
    REQUIRE(news.own);
    CHECK(news.own->name() == "Asia/Tokyo");
    CHECK(news.before == "Europe/Berlin");
    CHECK(is_nothing(book.look(kLater, false)));
}

TEST_CASE("zone book: what changed before the first look is seen by it", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    machine.link("Asia/Tokyo");
    CHECK(book.look(kLater, false).own);
}

TEST_CASE("zone book: the file at the end of the link has other data", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    book.look(kLater, false);
    machine.put("Europe/Berlin", "Africa/Cairo");
    const ZoneBook::News news = book.look(kLater, false);
    REQUIRE(news.own);
    CHECK(news.own->name() == "Europe/Berlin");
    CHECK(news.before == "Europe/Berlin");
}

TEST_CASE("zone book: a file with a new stamp and the same data is no news", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    book.look(kLater, false);
    REQUIRE(book.find("Asia/Tokyo"));
    machine.put("Europe/Berlin", "Europe/Berlin");
    machine.put("Asia/Tokyo", "Asia/Tokyo");
    machine.link("Europe/Berlin");
    CHECK(is_nothing(book.look(kLater, false)));
}

TEST_CASE("zone book: a copy instead of a link is called by its path", "[daemon]") {
    const Machine machine;
    machine.replace(machine.sources.localtime, machine.sources.zoneinfo_dir + "/Europe/Berlin");
    ZoneBook book = machine.book();
    book.look(kLater, false);
    machine.replace(machine.sources.localtime, machine.sources.zoneinfo_dir + "/Asia/Tokyo");
    const ZoneBook::News news = book.look(kLater, false);
    REQUIRE(news.own);
    CHECK(news.own->name() == machine.sources.localtime);
}

TEST_CASE("zone book: a file that is written in place is read again", "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    // By a clock of long ago the stamps are of the future: they never settle.
    const Instant now = GENERATE(Instant{}, kLater);
    CHECK(is_nothing(book.look(now, false)));
    const std::string path = machine.sources.zoneinfo_dir + "/Europe/Berlin";
    std::string data = content_of(path);
    data.replace(data.rfind("M3.5.0"), 6, "M4.5.0");
    std::fstream(path, std::ios::in | std::ios::out) << data;
    CHECK(book.look(now, false).own);
    CHECK(is_nothing(book.look(now, false)));
}

TEST_CASE("zone book: a broken or missing file leaves the zone as it is, and is told once",
          "[daemon]") {
    const Machine machine;
    machine.link("Europe/Berlin");
    ZoneBook book = machine.book();
    book.look(kLater, false);
    const std::string& path = machine.sources.localtime;
    SECTION("broken") { machine.write(path, "this is no zone"); }
    SECTION("empty") { machine.write(path, ""); }
    SECTION("missing") { fs::remove(path); }
    SECTION("a link to nowhere") { machine.link("Europe/Nowhere"); }
    SECTION("a link to itself") {
        fs::remove(path);
        fs::create_symlink(path, path);
    }
    SECTION("a folder") {
        fs::remove(path);
        fs::create_directory(path);
    }
    SECTION("the file at the end of the link") {
        fs::remove(machine.sources.zoneinfo_dir + "/Europe/Berlin");
    }
    const ZoneBook::News news = book.look(kLater, false);
    CHECK_FALSE(news.is_new());
    CHECK(news.trouble.find(machine.folder.path()) != std::string::npos);
    for (int i = 0; i < 3; ++i) CHECK(is_nothing(book.look(kLater, false)));
    CHECK(book.look(kLater, true).trouble == news.trouble);  // when asked
    fs::remove(path);
    // Another trouble is told; the end of all trouble is a zone.
    machine.link("Asia/Tokyo");
    CHECK(book.look(kLater, false).own);
    fs::remove(path);
    CHECK_FALSE(book.look(kLater, false).trouble.empty());
}

TEST_CASE("zone book: a machine without a file is in UTC, until it has one", "[daemon]") {
    const Machine machine;
    ZoneBook book = machine.book();
    for (int i = 0; i < 3; ++i) CHECK(is_nothing(book.look(kLater, i == 1)));
    machine.link("Asia/Tokyo");
    const ZoneBook::News news = book.look(kLater, false);
    REQUIRE(news.own);
    CHECK(news.before == "UTC");
}

TEST_CASE("zone book: with TZ set the file does not matter", "[daemon]") {
    Machine machine;
    machine.link("Europe/Berlin");
    machine.sources.tz =
        GENERATE("Europe/Paris", ":Europe/Paris", "CET-1CEST,M3.5.0,M10.5.0/3", "", "UTC");
    ZoneBook book = machine.book();
    CHECK(is_nothing(book.look(kLater, false)));
    machine.link("Asia/Tokyo");
    CHECK(is_nothing(book.look(kLater, false)));
    fs::remove(machine.sources.localtime);
    CHECK(is_nothing(book.look(kLater, true)));
}

TEST_CASE("zone book: new data of the zone that TZ names counts", "[daemon]") {
    Machine machine;
    machine.sources.tz = "Europe/Paris";
    ZoneBook book = machine.book();
    book.look(kLater, false);
    machine.put("Europe/Paris", "Africa/Cairo");
    CHECK(book.look(kLater, false).own);
}

TEST_CASE("zone book: a zone that a table names is read once, and again when its data changes",
          "[daemon]") {
    const Machine machine;
    ZoneBook book = machine.book();
    const auto first = book.find("Europe/Paris");
    REQUIRE(first);
    CHECK(is_nothing(book.look(kLater, false)));
    machine.put("Europe/Paris", "Africa/Cairo");
    CHECK(*book.find("Europe/Paris") == *first);  // all tables of one reading see the same
    const ZoneBook::News news = book.look(kLater, false);
    CHECK(news.named);
    CHECK_FALSE(news.own);
    CHECK_FALSE(*book.find("Europe/Paris") == *first);
    CHECK(is_nothing(book.look(kLater, false)));
    // Gone or broken: it stays.
    const auto second = book.find("Europe/Paris");
    machine.write(machine.sources.zoneinfo_dir + "/Europe/Paris", "no zone");
    CHECK(is_nothing(book.look(kLater, false)));
    CHECK(*book.find("Europe/Paris") == *second);
}

TEST_CASE("zone book: what is no zone is an error each time, and a rule is no file", "[daemon]") {
    const Machine machine;
    ZoneBook book = machine.book();
    for (int i = 0; i < 2; ++i) {
        CHECK_FALSE(book.find("Europe/Nowhere"));
        CHECK_FALSE(book.find("../Europe/Paris"));
        CHECK(book.find("CET-1CEST,M3.5.0,M10.5.0/3"));
        CHECK(book.find("UTC"));
    }
    machine.put("Europe/Nowhere", "Asia/Tokyo");
    CHECK(book.find("Europe/Nowhere"));
    CHECK(is_nothing(book.look(kLater, false)));
}

}  // namespace cron::daemon
