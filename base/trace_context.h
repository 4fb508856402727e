// The trace context that every message and ring record carries, and the span that a handler leaves
// behind. A run has one 128-bit trace id; each message is a span: its parent is the span that was
// running when it was sent. Depends on base only. TraceContext and TraceSpan are plain values;
// TraceSpanRing has one writer; TraceHub is any-thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/spsc_ring.h"
#include "base/units.h"

namespace blue {

/// Travels in every message. All zero: not yet stamped.
struct TraceContext {
  std::uint64_t trace_high = 0;  ///< 128-bit trace id, upper half
  std::uint64_t trace_low = 0;   ///< 128-bit trace id, lower half
  std::uint64_t span = 0;        ///< this message's span id
  std::uint64_t parent = 0;      ///< the sender's span id; 0 for a root
  Nanoseconds sent_ns = 0;       ///< when it was sent

  [[nodiscard]] bool is_stamped() const { return span != 0; }
};

/// A non-zero random 64-bit id; unique enough for one trace. Any thread, allocates nothing.
std::uint64_t random_id();

/// A fresh trace: new trace id, no parent, not sent yet (stamp children with `child_of`).
TraceContext root_context();

/// The context of a message sent now while `running` is the current span. An empty `running` starts
/// a new trace.
TraceContext child_of(const TraceContext& running);

/// One handled message (or drained batch of ring records), or a part of its handling (`step`,
/// `lease_wait`, `copy`): who, what, how long queued, how long run. A part was sent when it began.
struct TraceSpan {
  TraceContext context;
  Nanoseconds begin_ns = 0;   ///< handler began; queue time is begin_ns - context.sent_ns
  Nanoseconds end_ns = 0;     ///< handler ended
  const char* name = "";      ///< the message type's static name, or the part's
  std::uint64_t n_bytes = 0;  ///< of a copy
  const char* tier = "";      ///< of a copy: its destination
  std::uint32_t actor = 0;    ///< index of the TraceSpanWriter that recorded it
};

/// The span ring of one actor: single writer, drained by the tracer. A full ring drops and counts.
struct TraceSpanWriter {
  TraceSpanWriter(std::uint32_t index_of_actor, std::string name_of_actor,
                  std::string kind_of_actor, std::size_t capacity)
      : index(index_of_actor),
        name(std::move(name_of_actor)),
        kind(std::move(kind_of_actor)),
        ring(capacity) {}

  const std::uint32_t index;
  const std::string name;  ///< "stage.code"
  const std::string kind;  ///< "stage"
  SpscRing<TraceSpan> ring;

  void record(TraceSpan span) {
    span.actor = index;
    ring.push(span);
  }
};

/// Creates TraceSpanWriters and lets one reader at a time drain them. Owned by the runtime;
/// outlives the actors.
class TraceHub {
 public:
  /// `spans_per_actor`: the capacity of each writer's ring; 0 turns tracing off (writers exist,
  /// nothing is recorded).
  explicit TraceHub(std::size_t spans_per_actor) : spans_per_actor_(spans_per_actor) {}

  [[nodiscard]] bool is_on() const { return spans_per_actor_ > 0; }

  /// A writer for one actor, living as long as the hub. Any thread.
  TraceSpanWriter& add_writer(std::string name, std::string kind);

  /// Appends every waiting span to `out`. One caller at a time (the tracer).
  void drain(std::vector<TraceSpan>& out);

  /// Spans lost to full rings, over all writers. Any thread.
  [[nodiscard]] std::uint64_t dropped() const;

  struct Writer {
    std::string name;
    std::string kind;
  };
  /// Names and kinds by TraceSpan::actor. Any thread.
  [[nodiscard]] std::vector<Writer> writers() const;

 private:
  const std::size_t spans_per_actor_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<TraceSpanWriter>> writers_ BLUE_GUARDED_BY(mutex_);
};

}  // namespace blue
