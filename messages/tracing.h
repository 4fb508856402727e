// The conversation with the tracer: spans themselves lie in the actors' rings
// (base/trace_context.h). Depends on base. Plain values.
#pragma once

#include "messages/message.h"

namespace blue::messages {

/// any thread -> tracer, answered by traces_flushed: drain every ring now.
struct FlushTraces {
  static constexpr const char* type_name = "flush_traces";
  TraceContext trace;
};

/// tracer -> asker.
struct TracesFlushed {
  static constexpr const char* type_name = "traces_flushed";
  TraceContext trace;
};

}  // namespace blue::messages
