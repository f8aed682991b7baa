#include "programs/pam_session.h"

#include <stdio.h>
#include <stdlib.h>

// There is nobody to ask; and of what is told only an error is kept.
int PamSession::converse(int count, const pam_message** messages, pam_response** responses,
                         void* self) {
    for (int i = 0; i < count; ++i) {
        const int style = messages[i]->msg_style;
        if (style == PAM_PROMPT_ECHO_ON || style == PAM_PROMPT_ECHO_OFF) return PAM_CONV_ERR;
        if (style != PAM_ERROR_MSG || messages[i]->msg == nullptr) continue;
        snprintf(static_cast<PamSession*>(self)->message_, kMessageMax, "%s", messages[i]->msg);
    }
    *responses = static_cast<pam_response*>(calloc(static_cast<size_t>(count), sizeof **responses));
    return *responses == nullptr ? PAM_BUF_ERR : PAM_SUCCESS;
}

bool PamSession::is_granted(const char* call, int result) {
    last_ = result;
    if (result == PAM_SUCCESS) return true;
    const bool has_message = message_[0] != '\0';
    snprintf(problem_, sizeof problem_, "%s: %s%s%s%s", call, pam_strerror(pam_, result),
             has_message ? " (" : "", message_, has_message ? ")" : "");
    is_temporary_ = result == PAM_AUTHINFO_UNAVAIL || result == PAM_BUF_ERR;
    return false;
}

bool PamSession::open(const char* service, const char* folder, const char* user) {
    const pam_conv conversation = {converse, this};
    if (!is_granted("pam_start", pam_start_confdir(service, user, &conversation, folder, &pam_)) ||
        !is_granted("pam_set_item", pam_set_item(pam_, PAM_TTY, "cron")) ||
        !is_granted("pam_acct_mgmt", pam_acct_mgmt(pam_, 0))) {
        return false;
    }
    has_credentials_ =
        is_granted("pam_setcred", pam_setcred(pam_, PAM_ESTABLISH_CRED | PAM_SILENT));
    if (!has_credentials_) return false;
    is_open_ = is_granted("pam_open_session", pam_open_session(pam_, PAM_SILENT));
    return is_open_;
}

void PamSession::close() {
    if (is_open_) last_ = pam_close_session(pam_, PAM_SILENT);
    if (has_credentials_) last_ = pam_setcred(pam_, PAM_DELETE_CRED | PAM_SILENT);
    if (pam_ != nullptr) pam_end(pam_, last_);
    pam_ = nullptr;
    is_open_ = has_credentials_ = false;
}
