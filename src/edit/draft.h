// The file in which a table is edited: in a folder of its own that only we can enter.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/unique_fd.h"

namespace cron::edit {

// `wanted` (the value of TMPDIR), if nobody but root and us can put another file or folder in the
// place of one that is ours below it; else "/tmp".
std::string temporary_folder(const char* wanted);

// Removes the folder with what the editor left in it when it dies, unless it is kept.
class Draft {
  public:
    static Result<Draft> create(const std::string& folder, std::string_view text);

    Draft(Draft&& other) noexcept;
    Draft& operator=(Draft&&) = delete;
    ~Draft();

    const std::string& path() const { return path_; }
    // What is there now, in a file that the editor may have replaced.
    Result<std::string> read() const;
    // The path of another file beside it, with this text.
    Result<std::string> put_beside(std::string_view text) const;
    // Nobody removes it any more.
    void keep() { is_kept_ = true; }

  private:
    Draft(UniqueFd folder, std::string folder_path);
    Result<void> write(const std::string& name, std::string_view text) const;

    UniqueFd folder_;
    std::string folder_path_;
    std::string path_;
    bool is_kept_ = false;
};

}  // namespace cron::edit
