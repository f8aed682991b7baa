// Lines of supercronic's log, which logrus writes: as text without colours, or as JSON. Pure.
// Source: lines of supercronic 0.2.45.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "calendar/zone.h"

namespace cron::compat {

enum class Level { fatal, error, warning, info, debug };

enum class Style { text, json };

struct Field {
    std::string key;
    std::string value;
    bool is_number = false;
};

// All lines with these fields; made once for those of one stream of a run.
//   text: time="T" level=info msg=M key=value...
//   JSON: {"key":"value",...,"level":"info","msg":"M",...,"time":"T",...}
// Fields are sorted by their keys. None is called level, msg or time.
class Line {
  public:
    Line(Style style, Level level, std::vector<Field> fields);

    // With its newline. `time` is as append_time() writes it.
    void append(std::string& out, std::string_view message, std::string_view time) const;

  private:
    Style style_;
    std::string head_, middle_, tail_;  // round time and message, or message and time
};

// The times of a log: written anew once a second.
class TimeWriter {
  public:
    void set_zone(const calendar::Zone& zone);
    // Lives until the next call.
    std::string_view write(Instant instant);
    const calendar::Zone& zone() const { return zone_; }

  private:
    calendar::Zone zone_;
    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::string text_;
};

}  // namespace cron::compat
