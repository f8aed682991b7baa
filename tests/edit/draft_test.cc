#include "edit/draft.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

namespace cron::edit::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("temporary folder: TMPDIR counts where nobody else can replace what is in it", "[edit]") {
    const TemporaryFolder folder;
    CHECK(temporary_folder(nullptr) == "/tmp");
    CHECK(temporary_folder("") == "/tmp");
    CHECK(temporary_folder("relative") == "/tmp");
    CHECK(temporary_folder((folder.path() + "/none").c_str()) == "/tmp");
    CHECK(temporary_folder(folder.path().c_str()) == folder.path());

    const std::string open = folder.path() + "/open";
    const std::string below = open + "/below";
    fs::create_directories(below);
    REQUIRE(::chmod(open.c_str(), 0777) == 0);
    CHECK(temporary_folder(open.c_str()) == "/tmp");
    CHECK(temporary_folder(below.c_str()) == "/tmp");
    REQUIRE(::chmod(open.c_str(), 01777) == 0);
    CHECK(temporary_folder(below.c_str()) == below);
    fs::create_directory_symlink(below, folder.path() + "/link");
    CHECK(temporary_folder((folder.path() + "/link").c_str()) == below);
    if (::geteuid() != 0) return;
    REQUIRE(::chown(open.c_str(), 41001, 0) == 0);
    CHECK(temporary_folder(below.c_str()) == "/tmp");
}

TEST_CASE("draft: its folder is its owner's alone, and goes with all that is in it", "[edit]") {
    const TemporaryFolder folder;
    {
        const auto draft = Draft::create(folder.path(), "text\n");
        REQUIRE(draft);
        struct stat status {};
        REQUIRE(::stat(fs::path(draft->path()).parent_path().c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0700);
        CHECK(status.st_uid == ::geteuid());
        CHECK(draft->read() == "text\n");
        const auto beside = draft->put_beside("other\n");
        REQUIRE(beside);
        CHECK(read_file(*beside) == "other\n");
        CHECK(draft->read() == "text\n");
    }
    CHECK(folder.is_empty());
}

TEST_CASE("draft: one that is kept stays", "[edit]") {
    const TemporaryFolder folder;
    std::string path;
    {
        auto draft = Draft::create(folder.path(), "text\n");
        REQUIRE(draft);
        draft->keep();
        path = draft->path();
    }
    CHECK(read_file(path) == "text\n");
}

TEST_CASE("draft: a FIFO in its place does not block", "[edit]") {
    const TemporaryFolder folder;
    const auto draft = Draft::create(folder.path(), "text\n");
    REQUIRE(draft);
    fs::remove(draft->path());
    REQUIRE(::mkfifo(draft->path().c_str(), 0600) == 0);
    CHECK_FALSE(draft->read());
}

}  // namespace
}  // namespace cron::edit::test
