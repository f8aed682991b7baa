// The mail with the output of a run, as text for the mailer. Pure.
// Source: the mails of Debian's cron and of cronie; RFC 5322 and RFC 2045 for their form, RFC 3834
// for Auto-Submitted.
#pragma once

#include <string>
#include <vector>

#include "engine/effect.h"

namespace cron::mail {

struct Message {
    crontab::Flavour flavour = crontab::Flavour::debian;
    std::string user;
    std::string host;
    std::string command;
    bool is_told_failed = false;  // the subject ends in " (failed)"
    std::string sender;           // MAILFROM; empty: as the flavour has it
    std::vector<std::string> recipients;
    std::vector<std::string> environment;  // of the run, as "NAME=value"
    std::string run;                       // its id, for Message-ID
    std::string domain;                    // likewise
    Instant date{};
    seconds offset{};      // of local time, for the date
    std::string status;    // "0", "signal 9"; empty: there is none
    std::string duration;  // in seconds
    std::string body;      // what was printed
    std::string note;      // a line for people on how the run ended; empty: none
};

// Headers, an empty line and the body. CONTENT_TYPE and CONTENT_TRANSFER_ENCODING of the
// environment replace the defaults: text/plain in the charset of the job's locale, and what the
// body can travel in. A body that its encoding does not allow is encoded. No text makes a header of
// its own: control bytes and what is not UTF-8 stand as \xNN, and a long value is cut.
std::string compose(const Message& message);

}  // namespace cron::mail
