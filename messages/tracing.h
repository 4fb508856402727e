// The conversation with the tracer: spans themselves lie in the actors' rings
// (base/trace_context.h). Depends on base. Plain values.
#pragma once

#include <cstdint>

#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// anyone -> tracer, answered by traces_flushed: drain every ring now.
struct FlushTraces {
  static constexpr const char* type_name = "flush_traces";
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

/// tracer -> who asked.
struct TracesFlushed {
  static constexpr const char* type_name = "traces_flushed";
  TraceContext trace;
  std::uint64_t n_spans = 0;    ///< taken so far
  std::uint64_t n_dropped = 0;  ///< lost to full rings or beyond what the tracer may hold

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, n_spans, n_dropped);
  }
};

/// tracer -> itself: drain again.
struct PollTraces {
  static constexpr const char* type_name = "poll_traces";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

}  // namespace blue::messages
