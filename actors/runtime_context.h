// RuntimeContext: what the actors of one runtime share without messages: rings and channels, tables
// that outlive a restart, the trace hub, the address book. One per runtime, no globals; it is made
// before the actor system and destroyed after it. An actor gets ActorHost and the parts it uses.
// Depends on actors/. Threads: stated at each member; const members never change.
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
#include "actors/stage/token_source.h"
#include "actors/tiering/tier_memory.h"
#include "actors/tracing/trace_store.h"
#include "base/log_sink.h"
#include "base/trace_context.h"

namespace blue::actors {

/// `detached`: each actor on its own pinned thread. `cooperative`: on the scheduler's thread,
/// unpinned and without naps: for tests with a deterministic scheduler.
enum class SpawnMode : std::uint8_t { detached, cooperative };

struct RuntimeContextOptions {
  SpawnMode spawn = SpawnMode::detached;
  Placement placement;
  TokenSourceFactory make_source;
  std::shared_ptr<ModelRegistry> registry;  ///< null with scripted sources
  std::shared_ptr<TierMemory> tiers;        ///< null: no blocks to move (scripted sources)
  EntropyWatchLimits entropy;
  /// A stage without a heartbeat for so long is stalled.
  Nanoseconds stall_deadline_ns = 30'000'000'000;
  Bytes kv_budget = 256_MiB;        ///< of the KV library
  std::size_t spans_per_actor = 0;  ///< 0: tracing off
  std::size_t max_kept_spans = 1'000'000;
};

/// What every actor needs to run: a thread, a log, a trace, addresses.
struct ActorHost {
  ActorHost(SpawnMode spawn_mode, Placement cores, LogSink& sink, std::size_t spans_per_actor)
      : spawn(spawn_mode),
        placement(std::move(cores)),
        log(sink),
        traces(spans_per_actor),
        backoff(spawn == SpawnMode::cooperative ? Backoff{}
                : placement.has_spare_cores     ? Backoff::with_spare_cores()
                                                : Backoff::on_shared_cores()) {}

  const SpawnMode spawn;
  const Placement placement;
  LogSink& log;
  TraceHub traces;
  const Backoff backoff;
  ThreadTable threads;
  AddressBook book;
};

struct RuntimeContext : ActorHost {
  RuntimeContext(RuntimeContextOptions given, LogSink& sink)
      : ActorHost(given.spawn, given.placement, sink, given.spans_per_actor),
        options(std::move(given)),
        trace_store(options.max_kept_spans) {
    // A preempted stage may be waiting for a block.
    if (options.tiers)
      channels.set_on_stop([tiers = options.tiers.get()] { tiers->wake_waiters(); });
  }

  const RuntimeContextOptions options;
  TraceStore trace_store;
  StageChannels channels;
  RunTable runs;
  RunEventQueue events;
  messages::HintRing hints{4096};
  HintLog hint_log;
  KvCacheStore kv{options.kv_budget};

  /// Stops all work for good: the first step of a shutdown. Any thread.
  void close() {
    channels.close_all();
    if (options.tiers) options.tiers->close();
  }
};

}  // namespace blue::actors
