// The mail with the output of a run, as text for the mailer. Pure.
// Source: the mail of Debian's cron; RFC 5322 for its form, RFC 3834 for Auto-Submitted.
#pragma once

#include <string>
#include <vector>

namespace cron::mail {

struct Message {
    std::string user;
    std::string host;
    std::string command;
    std::string sender;  // empty: `root (Cron Daemon)`
    std::vector<std::string> recipients;
    std::vector<std::string> environment;  // of the run, as "NAME=value"
    std::string body;
};

// Headers, an empty line and the body, byte for byte. CONTENT_TYPE and CONTENT_TRANSFER_ENCODING of
// the environment replace the defaults `text/plain; charset=UTF-8` and `8bit`; the body is never
// encoded. No text makes a header of its own: control bytes and what is not UTF-8 stand as \xNN,
// and a long value is cut.
std::string compose(const Message& message);

}  // namespace cron::mail
