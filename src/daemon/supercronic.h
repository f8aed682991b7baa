// What supercronic says of runs, of what they print and of itself, for crond called as it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compat/flags.h"
#include "compat/jobs.h"
#include "compat/logrus.h"
#include "daemon/log.h"
#include "daemon/run_format.h"

namespace cron::daemon {

class Supercronic : public RunFormat {
  public:
    // `log`: for what is said beside a fact.
    Supercronic(const compat::Flags& flags, Log& log);

    std::optional<Told> tell(const RunFact& fact, Instant now) override;
    SourceLines lines_of(const Source& source) override;
    void set_zone(const calendar::Zone& zone) override { times_.set_zone(zone); }

    // The jobs that there are from now on.
    void load(const crontab::Entries& entries) { jobs_.load(entries); }
    const compat::Jobs& jobs() const { return jobs_; }

  private:
    class Teller;
    class Writer;

    Stream stream_for(Level level) const;
    // Text is empty where nobody wants it.
    Told line(Level level, std::vector<compat::Field> fields, std::string_view message,
              Instant now);
    std::vector<compat::Field> job_fields(const crontab::Entry& entry);
    std::vector<compat::Field> run_fields(const crontab::Entry& entry, const engine::RunKey& key,
                                          std::uint32_t attempt, std::uint64_t iteration);

    compat::Flags flags_;
    compat::Style style_;
    Log& log_;
    compat::Jobs jobs_;
    compat::TimeWriter times_;
    std::unique_ptr<RunFormat> raw_;  // for -passthrough-logs
};

// Of the daemon itself. `signal`: what it was told by.
Record crontab_read(std::string_view crontab);
Record crontab_valid();
Record told_to_reload(int signal);
Record told_to_stop(int signal);
Record waits_for_jobs();
Record exits();
// That nothing is sent there, where somebody asks for it.
std::optional<Record> sentry_refused(const compat::Flags& flags, bool is_in_environment);

// The last line of a crond that cannot start.
std::string fatal_line(const compat::Flags& flags, std::string_view message, Instant now,
                       const calendar::Zone& zone);

}  // namespace cron::daemon
