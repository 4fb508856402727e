// The protocols: what each kind of actor hears and answers, as typed handles. Sending anything else does not compile.
// Depends on messages/ and CAF. Handles are strong references: whoever holds one beyond a handler keeps the actor's thread
// alive, so they live in the address book alone, which shutdown clears.
#pragma once

#include "messages/all_messages.h"
#include "messages/caf_compat.h"

namespace blue::actors {

using messages::Answers;
using messages::Hears;
using messages::Protocol;

using SupervisorHandle = Protocol<Hears<messages::OpenRun>, Hears<messages::OpenGeneration>,
                                  Hears<messages::RunDone>, Answers<messages::Ping, messages::Pong>>;

using SchedulerHandle =
    Protocol<Hears<messages::SubmitRun>, Hears<messages::StageReady>, Hears<messages::StageDone>,
             Hears<messages::StagePreempted>, Hears<messages::StageFailed>, Hears<messages::StageLost>,
             Hears<messages::CancelRun>, Hears<messages::RunDone>, Hears<messages::Stalled>,
             Hears<messages::TierPressure>, Hears<messages::PollHints>>;

using CascadeHandle =
    Protocol<Hears<messages::BeginRun>, Hears<messages::StageDone>, Hears<messages::StagePreempted>,
             Hears<messages::StageFailed>, Hears<messages::CancelRun>, Hears<messages::SchedulerRestarted>>;

using StageHandle = Protocol<Hears<messages::RunStage>, Hears<messages::PreemptStage>>;

using EntropyMonitorHandle =
    Protocol<Hears<messages::WatchTokens>, Hears<messages::UnwatchTokens>, Hears<messages::PollSamples>>;

using TieringHandle =
    Protocol<Hears<messages::PrefetchModel>, Hears<messages::Fetch>, Hears<messages::Evict>,
             Answers<messages::PinReport, messages::PinCounts>, Hears<messages::Moved>,
             Hears<messages::MoveCorrupt>, Hears<messages::MoveFailed>, Hears<messages::BlockReady>>;

using DmaEngineHandle =
    Protocol<Hears<messages::Move>, Hears<messages::WakeMisses>, Hears<messages::PollMisses>>;

using KvLibraryHandle =
    Protocol<Answers<messages::SaveKv, messages::KvSaved>, Answers<messages::LoadKv, messages::KvLoaded>>;

using TokenizerHandle = Protocol<Answers<messages::EncodeText, messages::EncodedText>,
                                 Answers<messages::DecodeTokens, messages::DecodedText>>;

using WatchdogHandle =
    Protocol<Hears<messages::WatchStage>, Hears<messages::UnwatchStage>, Hears<messages::PollHeartbeats>>;

using TracerHandle =
    Protocol<Answers<messages::FlushTraces, messages::TracesFlushed>, Hears<messages::PollTraces>>;

using ApplicationHandle =
    Protocol<Hears<messages::OpenRun>, Hears<messages::OpenGeneration>, Hears<messages::CancelRun>,
             Hears<messages::StageStarted>, Hears<messages::SlotWritten>, Hears<messages::StageSkipped>,
             Hears<messages::StageCut>, Hears<messages::RunDone>, Hears<messages::StageDone>,
             Hears<messages::StagePreempted>, Hears<messages::StageFailed>,
             Answers<messages::GenerateText, messages::GeneratedText>, Hears<messages::PollText>>;

}  // namespace blue::actors
