// TraceScope: one actor's place in the trace: the context of the running span, and the writer of
// its spans. Kept in the actor, never in a global, so that any spawn option and any scheduler
// traces alike. With tracing off nothing is stamped, no clock is read, no random number drawn and
// no span left.
// Depends on base. Threads: its actor's alone. The hub outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/trace_context.h"

namespace blue::messages {

class TraceScope {
 public:
  /// Off for good.
  TraceScope() = default;
  TraceScope(TraceHub& hub, std::string name, std::string kind)
      : writer_(&hub.add_writer(std::move(name), std::move(kind))), is_on_(hub.is_on()) {}

  /// The context of the running span; unstamped between handlers.
  [[nodiscard]] const TraceContext& running() const { return running_; }
  /// What a message or ring record sent now carries.
  [[nodiscard]] TraceContext next() const { return is_on_ ? child_of(running_) : TraceContext{}; }

  /// Opens the span of a handled message; the destructor closes it, however the handler ends.
  class Handling {
   public:
    Handling(TraceScope& scope, const TraceContext& incoming, const char* name)
        : trace_scope_(scope), before_(scope.running_) {
      if (!scope.is_on_) return;
      span_.context = incoming.is_stamped() ? incoming : child_of({});
      begin(name, monotonic_now_ns());
    }
    /// A part of the running span, and the parent of what is sent during its lifetime.
    Handling(TraceScope& scope, const char* part) : trace_scope_(scope), before_(scope.running_) {
      if (!scope.is_on_) return;
      span_.context = child_of(scope.running_);
      begin(part, span_.context.sent_ns);
    }
    ~Handling() {
      if (!trace_scope_.is_on_) return;
      span_.end_ns = monotonic_now_ns();
      trace_scope_.writer_->record(span_);
      trace_scope_.running_ = before_;
    }
    Handling(const Handling&) = delete;
    Handling& operator=(const Handling&) = delete;

   private:
    void begin(const char* name, Nanoseconds now_ns) {
      span_.begin_ns = now_ns;
      span_.name = name;
      trace_scope_.running_ = span_.context;
    }

    TraceScope& trace_scope_;
    TraceContext before_;
    TraceSpan span_;
  };

  /// Leaves the span `copy` of a copy that ends now, under the message that ordered it. `tier`: the
  /// destination, a static string.
  void add_copy(const TraceContext& order, Nanoseconds took_ns, std::uint64_t n_bytes,
                const char* tier) {
    if (!is_on_) return;
    TraceSpan span;
    span.context = child_of(order);
    span.end_ns = monotonic_now_ns();
    span.begin_ns = span.end_ns - took_ns;
    span.name = "copy";
    span.n_bytes = n_bytes;
    span.tier = tier;
    writer_->record(span);
  }

 private:
  TraceSpanWriter* writer_ = nullptr;
  bool is_on_ = false;
  TraceContext running_;
};

/// Calls `use` with every record in `ring` and leaves one span for them all, under the first one's
/// trace. Returns their number; an empty ring leaves no span.
template <class Ring, class Use>
std::size_t drain_traced(TraceScope& scope, Ring& ring, const char* name, Use&& use) {
  const std::size_t n_waiting = ring.size();
  if (n_waiting == 0) return 0;
  typename Ring::Value record{};
  if (!ring.pop(record)) return 0;
  const TraceScope::Handling span(scope, record.trace, name);
  use(record);
  std::size_t n = 1;
  while (n < n_waiting && ring.pop(record)) {
    use(record);
    ++n;
  }
  return n;
}

}  // namespace blue::messages
