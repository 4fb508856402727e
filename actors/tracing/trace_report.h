// Reports of a trace: Chrome trace JSON (ui.perfetto.dev opens it: one track per actor, flows from
// sender to receiver), a table of count, queue time and run time per message type, and the rate of
// the copies into each tier. Depends on base/trace_context.h; nlohmann-json in the .cpp. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/actors_error.h"
#include "base/result.h"
#include "base/trace_context.h"

namespace blue::actors {

/// A span with its names spelled out: what a trace file holds.
struct SpanRow {
  TraceContext context;
  Nanoseconds begin_ns = 0;
  Nanoseconds end_ns = 0;
  std::string message;
  std::string actor;          ///< "stage.code"
  std::string actor_kind;     ///< "stage"
  std::uint64_t n_bytes = 0;  ///< of a copy
  std::string tier;           ///< of a copy: its destination
};

struct TraceDump {
  std::vector<SpanRow> spans;
  std::uint64_t n_dropped = 0;
};

/// Spells out what a TraceHub gave.
TraceDump to_dump(const std::vector<TraceSpan>& spans, const std::vector<TraceHub::Writer>& writers,
                  std::uint64_t n_dropped);

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

}  // namespace blue::actors
