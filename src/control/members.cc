#include "control/members.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cron::control {
namespace {

// Takes what the parser reports, without ever building what is not wanted.
class Reader : public nlohmann::json_sax<nlohmann::json> {
  public:
    explicit Reader(std::span<const std::string_view> wanted) : wanted_(wanted) {}

    Members take() { return std::move(members_); }
    const std::string& fault() const { return fault_; }

    bool null() override { return scalar(); }
    bool boolean(bool) override { return scalar(); }
    bool number_integer(number_integer_t) override { return scalar(); }
    bool number_unsigned(number_unsigned_t whole) override {
        if (is_member()) members_.numbers.emplace(name_, whole);
        return scalar();
    }
    bool number_float(number_float_t, const string_t&) override { return scalar(); }
    bool string(string_t& text) override {
        if (is_member()) {
            members_.texts.emplace(name_, std::move(text));
        } else if (depth_ == 2 && is_list_) {
            std::vector<std::string>& list = members_.lists[name_];
            if (list.size() == kListMax) {
                return stop(fmt::format("'{}' has more than {} values", name_, kListMax));
            }
            list.push_back(std::move(text));
        }
        return scalar();
    }
    bool binary(binary_t&) override { return false; }  // not in JSON

    bool start_object(std::size_t) override { return open(); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override {
        if (depth_ == 0) return stop("it is a list and not an object");
        if (depth_ == 1) is_list_ = is_wanted_;
        return open();
    }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        if (depth_ != 1) return true;
        is_wanted_ = std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
        if (!is_wanted_) return true;
        name_ = std::move(name);
        return seen_.insert(name_).second || stop(fmt::format("'{}' is there twice", name_));
    }

    bool parse_error(std::size_t at, const std::string&,
                     const nlohmann::json::exception&) override {
        return stop(fmt::format("it is not JSON at byte {}", at));
    }

  private:
    bool is_member() const { return depth_ == 1 && is_wanted_; }
    bool scalar() { return depth_ > 0 || stop("it is not an object"); }
    bool open() {
        if (++depth_ <= kDepthMax) return true;
        return stop(fmt::format("it is nested deeper than {} levels", kDepthMax));
    }
    bool close() {
        if (--depth_ == 1) is_list_ = false;
        return true;
    }
    bool stop(std::string fault) {
        fault_ = std::move(fault);
        return false;
    }

    std::span<const std::string_view> wanted_;
    Members members_;
    std::set<std::string> seen_;
    std::string name_;  // of the wanted member that we are in
    bool is_wanted_ = false;
    bool is_list_ = false;
    std::size_t depth_ = 0;
    std::string fault_;
};

}  // namespace

Result<Members> read_members(std::string_view json, std::span<const std::string_view> wanted) {
    Reader reader(wanted);
    bool is_read = false;
    try {
        is_read = nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
    } catch (const nlohmann::json::exception& error) {
        return failure(ErrorCode::invalid, printable(error.what()));
    }
    if (!is_read) return failure(ErrorCode::invalid, reader.fault());
    return reader.take();
}

}  // namespace cron::control
