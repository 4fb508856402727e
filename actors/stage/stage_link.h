// StageLink: all that a stage exchanges with other actors beside messages. In one process it is a
// channel's rings and atomics (ring_link.h); a stage on another machine has a link of its own. A
// stage accesses shared memory through its link only.
// Depends on base and messages' plain parts. Threads: its stage's. Nothing blocks or allocates,
// except the KV snapshots.
#pragma once

#include <memory>
#include <optional>

#include "actors/stage/kv_cache_store.h"
#include "base/stop_token.h"
#include "messages/rings.h"
#include "messages/stages.h"
#include "messages/trace_scope.h"

namespace blue::actors {

class StageLink {
 public:
  virtual ~StageLink() = default;

  /// Publishes the job as the stage's current one. Nothing when it was preempted before it began.
  [[nodiscard]] virtual std::optional<StopToken> begin_job(messages::JobNumber job) = 0;
  virtual void end_job() = 0;
  /// Why the last job was stopped or refused.
  [[nodiscard]] virtual messages::PreemptReason last_reason() const = 0;
  /// A sign of progress: a token, or a block that a step takes.
  virtual void beat() = 0;

  /// Statistics: dropped and counted when the ring is full.
  virtual void send_sample(const messages::TokenSample& sample) = 0;
  /// False when there is no room now; the stage sends the record again later.
  [[nodiscard]] virtual bool send_text(const messages::TextRecord& record) = 0;
  /// A block that is needed. When the ring is full its waiter sends it again.
  virtual void send_miss(const messages::MissRecord& miss) = 0;

  /// The stage's place in the trace.
  [[nodiscard]] virtual messages::TraceScope& trace() = 0;

  /// Hands a snapshot to the KV library, or takes one from it; null when there is none.
  [[nodiscard]] virtual messages::SnapshotNumber give_kv(KvSnapshot snapshot) = 0;
  [[nodiscard]] virtual std::shared_ptr<const KvSnapshot> take_kv(
      messages::SnapshotNumber number) = 0;
};

}  // namespace blue::actors
