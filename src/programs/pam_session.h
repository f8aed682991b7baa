// A session of PAM, as crond-session opens and closes it. Without the C++ library.
// Source: the order of the calls is that of Debian's cron.
#pragma once

#include <security/pam_appl.h>
#include <stddef.h>

class PamSession {
  public:
    // `folder` has the configuration of the service; null: where libpam looks. False if PAM
    // refuses, and `problem` says why: close() what was opened.
    bool open(const char* service, const char* folder, const char* user);
    void close();

    // "call: what PAM answered (what a module said)"
    const char* problem() const { return problem_; }
    // PAM may know more at a later try.
    bool is_temporary() const { return is_temporary_; }
    // What its modules have set, as environ is; null if there is no memory.
    char** environment() { return pam_getenvlist(pam_); }

  private:
    static int converse(int count, const pam_message** messages, pam_response** responses,
                        void* self);
    bool is_granted(const char* call, int result);

    static constexpr size_t kMessageMax = 200;

    pam_handle_t* pam_ = nullptr;
    bool has_credentials_ = false;
    bool is_open_ = false;
    int last_ = PAM_SUCCESS;
    bool is_temporary_ = false;
    char message_[kMessageMax] = {};  // the last that a module had for the user
    char problem_[2 * kMessageMax] = {};
};
