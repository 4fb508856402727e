// Every message type of the program, once. What is registered with the actor system and what the
// tests walk; a type that is sent and missing here does not compile (traced.h asks is_listed).
// Depends on every conversation.
#pragma once

#include <type_traits>

#include "messages/entropy.h"
#include "messages/health.h"
#include "messages/kv.h"
#include "messages/runs.h"
#include "messages/stages.h"
#include "messages/tiers.h"
#include "messages/tokens.h"
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
    MessageList<OpenRun, OpenGeneration, SubmitRun, BeginRun, CancelRun, StageStarted, SlotWritten,
                StageSkipped, SlotPreempted, RunDone, GenerateText, GeneratedText, PollText,
                StageReady, RunStage, StageDone, StagePreempted, StageFailed, PreemptStage,
                WatchTokens, UnwatchTokens, PollSamples, PollHints, PrefetchModel, Fetch, Evict,
                PinReport, PinCounts, Move, Moved, MoveCorrupt, MoveFailed, BlockReady,
                TierPressure, WakeMisses, PollMisses, SaveKv, KvSaved, LoadKv, KvLoaded, EncodeText,
                EncodedText, DecodeTokens, DecodedText, WatchStage, UnwatchStage, Stalled,
                SchedulerRestarted, StageLost, PollHeartbeats, Ping, Pong, FlushTraces,
                TracesFlushed, PollTraces>;

template <class T>
concept ListedMessage = AllMessages::contains<T>;

}  // namespace blue::messages
