// RuntimeContext: what the actors of one runtime share without messages: rings and channels, tables
// that outlive a restart, the trace hub, the address book. One per runtime, no globals; it is made
// before the actor system and dies after it.
// Depends on actors/. Threads: each member says; options and placement never change.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/address_book.h"
#include "actors/cascade/run_event_queue.h"
#include "actors/cascade/run_table.h"
#include "actors/placement.h"
#include "actors/scheduling/backoff.h"
#include "actors/scheduling/hint_log.h"
#include "actors/scheduling/thread_table.h"
#include "actors/stage/entropy_watch.h"
#include "actors/stage/kv_cache_store.h"
#include "actors/stage/model_registry.h"
#include "actors/stage/stage_channel.h"
#include "actors/stage/text_codec.h"
#include "actors/stage/token_source.h"
#include "actors/tiering/tier_memory.h"
#include "actors/tracing/trace_store.h"
#include "base/log_sink.h"
#include "base/trace_context.h"

namespace blue::actors {

/// `detached`: each actor on its own pinned thread. `cooperative`: on whatever thread the scheduler
/// has, unpinned and without naps: what tests with a deterministic scheduler use.
enum class SpawnMode : std::uint8_t { detached, cooperative };

struct RuntimeContextOptions {
  SpawnMode spawn = SpawnMode::detached;
  Placement placement;
  TokenSourceFactory make_source;
  std::shared_ptr<const TextCodec> text_codec;    ///< for the tokenizer worker
  std::shared_ptr<const ModelRegistry> registry;  ///< null with scripted sources
  std::shared_ptr<TierMemory> tiers;              ///< null: no blocks to move (scripted sources)
  EntropyWatchLimits entropy;
  Nanoseconds stall_deadline_ns =
      30'000'000'000;               ///< a stage without a heartbeat for so long is stalled
  Bytes kv_budget = 256_MiB;        ///< of the kv library
  std::size_t spans_per_actor = 0;  ///< 0: tracing off
  std::size_t max_kept_spans = 1'000'000;
};

struct RuntimeContext {
  RuntimeContext(RuntimeContextOptions given, LogSink& sink)
      : options(std::move(given)),
        log(sink),
        traces(options.spans_per_actor),
        trace_store(options.max_kept_spans),
        backoff(options.spawn == SpawnMode::cooperative ? Backoff{}
                : options.placement.has_spare_cores     ? Backoff::with_spare_cores()
                                                        : Backoff::on_shared_cores()) {}

  const RuntimeContextOptions options;
  LogSink& log;
  TraceHub traces;
  TraceStore trace_store;
  const Backoff backoff;
  StageChannels channels;
  RunTable runs;
  RunEventQueue events;
  messages::HintRing hints{4096};
  HintLog hint_log;
  KvCacheStore kv{options.kv_budget};
  ThreadTable threads;
  AddressBook book;

  /// Stops a job wherever it is, also one that waits for a block. Any thread; returns at once.
  void preempt(messages::JobNumber job, messages::PreemptReason reason) {
    channels.preempt(job, reason);
    if (options.tiers) options.tiers->wake_waiters();
  }
  /// Stops all work for good: the first step of a shutdown. Any thread.
  void close() {
    channels.close_all();
    if (options.tiers) options.tiers->close();
  }
};

}  // namespace blue::actors
