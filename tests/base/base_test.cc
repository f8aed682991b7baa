// The small things that everything stands on.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "base/edit_distance.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/job_id.h"
#include "base/text.h"
#include "base/unique_fd.h"

using namespace cron;

TEST_CASE("edit_distance: the fewest bytes inserted, deleted or replaced", "[base]") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("pools", "") == 5);
    CHECK(edit_distance("pool", "pools") == 1);
    CHECK(edit_distance("flavor", "flavour") == 1);
    CHECK(edit_distance("max_runing", "max_running") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("printable: text stays, control bytes and what is not UTF-8 become \\xNN", "[base]") {
    const std::pair<std::string, std::string> cases[] = {
        {"plain text", "plain text"},
        {"gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich"},
        {"\xf0\x9f\x94\x94", "\xf0\x9f\x94\x94"},
        {"a\tb\r\x1b[2J\x7f", "a\\x09b\\x0d\\x1b[2J\\x7f"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"\xc0\xaf", "\\xc0\\xaf"},           // overlong
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // half of a surrogate pair
        {"\xc2\x9b"
         "2J",
         "\\xc2\\x9b"
         "2J"},                                        // C1: a terminal's CSI
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // above U+10FFFF
    };
    for (const auto& [bytes, shown] : cases) CHECK(printable(bytes) == shown);
}

TEST_CASE("printable: what turns text round or ends its line for a reader becomes \\xNN",
          "[base]") {
    // U+061C, 200E, 200F, 2028 to 202E, 2066 to 2069
    const char* const kHidden[] = {"\xd8\x9c",     "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
                                   "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
                                   "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
                                   "\xe2\x81\xa8", "\xe2\x81\xa9"};
    for (const std::string hidden : kHidden) {
        const std::string shown = printable("a" + hidden + "b");
        CHECK(shown.size() == 2 + 4 * hidden.size());
        CHECK(shown.starts_with("a\\x"));
        CHECK(shown.ends_with("b"));
    }
    CHECK(printable("\xe2\x80\xae") == "\\xe2\\x80\\xae");
    // Their neighbours, U+061B, 200D, 2010, 2027, 202F, 2065 (unassigned) and 206A, and letters
    // that are read from the right, stay.
    const std::string plain =
        "\xd8\x9b\xe2\x80\x8d\xe2\x80\x90\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d";
    CHECK(printable(plain) == plain);
}

TEST_CASE("parse_decimal: digits only, within 64 bits", "[base]") {
    CHECK(parse_decimal("0") == 0U);
    CHECK(parse_decimal("007") == 7U);
    CHECK(parse_decimal("18446744073709551615") == UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"}) {
        CHECK_FALSE(parse_decimal(bad));
    }
}

TEST_CASE("quoted: long text is cut, hostile text is shown harmlessly", "[base]") {
    CHECK(quoted("a\x1b") == "'a\\x1b'");
    CHECK(quoted(std::string(1000, 'x')).size() < 60);
}

TEST_CASE("cut_before: no cut parts a UTF-8 character", "[base]") {
    const std::string text = "a\u00e9\u20ac\U0001f600z";  // 1, 2, 3, 4 and 1 bytes
    const std::size_t begins[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t at = 0; at < std::size(begins); ++at)
        CHECK(cut_before(text, at) == begins[at]);
    CHECK(cut_before("a\x80\x80\x80", 2) == 2);
    CHECK(cut_before("\xe2\x82", 1) == 1);
    CHECK(cut_before("", 0) == 0);
    CHECK(quoted(std::string(39, 'x') + "\u20ac more").find("\\x") == std::string::npos);
}

TEST_CASE("base64: any bytes as text, filled up to whole groups", "[base]") {
    // RFC 4648, section 10.
    CHECK(base64("").empty());
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foobar") == "Zm9vYmFy");
    CHECK(base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("from_base64: gives the bytes back, and takes nothing else for base64", "[base]") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) {
        CHECK(from_base64(base64(bytes)) == bytes);
        bytes += static_cast<char>(i);
    }
    for (const char* other : {"Z", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 9",
                              "Zm8=\n", "Zm-_", "\xff\xff\xff\xff"}) {
        INFO(other);
        CHECK_FALSE(from_base64(other));
    }
}

TEST_CASE("hashes are the same on every machine and in every version", "[base]") {
    // Source: the reference implementation of xxHash, XXH64 of no bytes with seeds 0 and 1.
    CHECK(stable_hash("", 0) == 0xEF46DB3751D8E999ULL);
    CHECK(stable_hash("", 1) == 0xD5AFBA1336A3BE4BULL);
    CHECK(content_hash("a") != content_hash("b"));
}

TEST_CASE("a job is named by owner, table and line text, never by its place", "[base]") {
    const auto id = JobId::of_line("alice", "/t", "* * * * *", "true", 0);
    CHECK(id == JobId::of_line("alice", "/t", "* * * * *", "true", 0));
    CHECK_FALSE(id == JobId::of_line("alice", "/t", "* * * * *", "true", 1));
    CHECK_FALSE(id == JobId::of_line("bob", "/t", "* * * * *", "true", 0));
    // No field can run into the next.
    CHECK_FALSE(JobId::of_line("a", "b", "c", "d", 0) == JobId::of_line("a", "bc", "", "d", 0));
    CHECK_FALSE(JobId::named("a", "b", "c") == JobId::of_line("a", "b", "c", "", 0));
    CHECK(id.owner() == "alice");
    CHECK(id.table() == "/t");
    CHECK(id.title() == "true");
    CHECK(JobId::named("alice", "/t", "backup").title() == "backup");
    CHECK(JobId().title().empty());
}

TEST_CASE("errors of the system name the call, its object and the reason", "[base]") {
    const Result<int> result = system_failure(ENOENT, "open", "/no/such");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::not_found);
    CHECK(result.error().system_errno == ENOENT);
    CHECK(result.error().message == "open /no/such: No such file or directory");
    CHECK(Result<int>(system_failure(EPERM, "kill", "")).error().code == ErrorCode::denied);
    CHECK(Result<int>(system_failure(EIO, "read", "x")).error().code == ErrorCode::system);
}

TEST_CASE("a descriptor has one owner, who closes it", "[base]") {
    int number = -1;
    {
        UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        number = first.get();
        UniqueFd second = std::move(first);
        CHECK(second.get() == number);
        CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that is the claim
    }
    CHECK(::fcntl(number, F_GETFD) == -1);
}
