// Reports of a trace: Chrome trace JSON (ui.perfetto.dev opens it: one track per actor, flows from
// sender to receiver), a table of count, queue time and run time per message type, and the rate of
// the copies into each tier. Depends on actors/tracing/trace_dump.h; nlohmann-json in the .cpp.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/tracing/trace_dump.h"
#include "base/result.h"

namespace blue::tracing {

using actors::SpanRow;
using actors::TraceDump;

/// Times in the JSON are microseconds since the first span was sent.
std::string to_chrome_json(const TraceDump& dump);
/// Reads what to_chrome_json wrote. Errors: bad_request naming `source` and the event.
Result<TraceDump> parse_chrome_json(std::string_view json, const std::string& source);

/// One message type's times, microseconds.
struct MessageSummary {
  std::string message;
  std::uint64_t count = 0;
  double queue_median_us = 0;
  double queue_p99_us = 0;
  double run_median_us = 0;
  double run_p99_us = 0;
};

/// By message name. Ascending.
std::vector<MessageSummary> summarise(const TraceDump& dump);
/// Copies into one tier. Rate: bytes over the time that the copies took.
struct CopySummary {
  std::string tier;
  std::uint64_t count = 0;
  std::uint64_t n_bytes = 0;
  double gb_per_s = 0;          ///< 1e9 bytes per second, all copies together
  double slowest_gb_per_s = 0;  ///< of a single copy
};
/// By tier. Ascending.
std::vector<CopySummary> summarise_copies(const TraceDump& dump);
/// Both as lines of text, with spans, actors and drops counted below.
std::string summary_table(const TraceDump& dump);

}  // namespace blue::tracing
