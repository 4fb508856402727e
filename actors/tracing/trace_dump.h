// TraceDump: the spans of a trace with their names resolved, independent of the hub.
// Depends on base/trace_context.h. Values; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/trace_context.h"

namespace blue::actors {

/// A span with its names resolved: a row of a trace file.
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
  std::vector<SpanRow> spans;  ///< by begin
  std::uint64_t n_dropped = 0;
};

/// Resolves the names of the spans of a TraceHub.
inline TraceDump to_dump(const std::vector<TraceSpan>& spans,
                         const std::vector<TraceHub::Writer>& writers, std::uint64_t n_dropped) {
  TraceDump dump;
  dump.n_dropped = n_dropped;
  dump.spans.reserve(spans.size());
  for (const TraceSpan& span : spans) {
    const TraceHub::Writer& writer = writers.at(span.actor);
    dump.spans.push_back({span.context, span.begin_ns, span.end_ns, span.name, writer.name,
                          writer.kind, span.n_bytes, span.tier});
  }
  std::ranges::sort(dump.spans, {}, &SpanRow::begin_ns);
  return dump;
}

}  // namespace blue::actors
