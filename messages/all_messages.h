// Every message type of the program, once: registered with the actor system, and walked by the
// tests. A type that is sent and missing here does not compile (traced.h). Depends on every
// conversation.
#pragma once

#include <type_traits>

#include "messages/health.h"
#include "messages/kv.h"
#include "messages/models.h"
#include "messages/runs.h"
#include "messages/stages.h"
#include "messages/tiers.h"
#include "messages/tracing.h"

namespace blue::messages {

/// A list of messages; one without a trace does not compile.
template <Message... Types>
struct MessageList {
  static constexpr std::size_t size = sizeof...(Types);

  template <class T>
  static constexpr bool contains = (std::is_same_v<T, Types> || ...);

  /// Calls `use.template operator()<T>()` for each.
  template <class Use>
  static void for_each(Use&& use) {
    (use.template operator()<Types>(), ...);
  }
};

using AllMessages =
    MessageList<LookAgain, OpenRun, SubmitRun, BeginRun, CancelRun, StageStarted, SlotWritten,
                StageSkipped, SlotPreempted, RunDone, GenerateText, GeneratedText, StageReady,
                RunStage, StageDone, StagePreempted, StageFailed, PrefetchModel, Move, Moved,
                MoveFailed, EngineStarted, TierPressure, WakeTiering, UnloadModel, ModelUnloaded,
                ReleaseModel, ModelReleased, Evict, Evicted, SaveKv, KvSaved, LoadKv, KvLoaded,
                JobBegan, Stalled, SchedulerRestarted, StageLost, Ping, Pong, FlushTraces,
                TracesFlushed>;

template <class T>
concept ListedMessage = AllMessages::contains<T>;

}  // namespace blue::messages
