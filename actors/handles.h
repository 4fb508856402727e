// The protocols: what each kind of actor hears and answers, as typed handles. Sending anything else
// does not compile.
// Depends on messages/ and CAF. Handles are strong references: whoever holds one beyond a handler
// keeps the actor's thread alive, so they live in the address book alone, which shutdown clears.
#pragma once

#include "messages/all_messages.h"
#include "messages/caf_compat.h"

namespace blue::actors {

using messages::Answers;
using messages::Handles;
using messages::Protocol;

using SupervisorHandle =
    Protocol<Handles<messages::OpenRun>, Handles<messages::OpenGeneration>,
             Handles<messages::RunDone>, Answers<messages::Ping, messages::Pong>>;

using SchedulerHandle =
    Protocol<Handles<messages::SubmitRun>, Handles<messages::StageReady>,
             Handles<messages::StageDone>, Handles<messages::StagePreempted>,
             Handles<messages::StageFailed>, Handles<messages::StageLost>,
             Handles<messages::CancelRun>, Handles<messages::RunDone>, Handles<messages::Stalled>,
             Handles<messages::TierPressure>, Handles<messages::PollHints>>;

using CascadeHandle = Protocol<Handles<messages::BeginRun>, Handles<messages::StageDone>,
                               Handles<messages::StagePreempted>, Handles<messages::StageFailed>,
                               Handles<messages::CancelRun>, Handles<messages::SchedulerRestarted>>;

using StageHandle = Protocol<Handles<messages::RunStage>, Handles<messages::PreemptStage>>;

using EntropyMonitorHandle =
    Protocol<Handles<messages::WatchTokens>, Handles<messages::UnwatchTokens>,
             Handles<messages::PollSamples>>;

using TieringHandle =
    Protocol<Handles<messages::PrefetchModel>, Handles<messages::Fetch>, Handles<messages::Evict>,
             Answers<messages::PinReport, messages::PinCounts>, Handles<messages::Moved>,
             Handles<messages::MoveCorrupt>, Handles<messages::MoveFailed>,
             Handles<messages::BlockReady>>;

using DmaEngineHandle =
    Protocol<Handles<messages::Move>, Handles<messages::WakeMisses>, Handles<messages::PollMisses>>;

using KvLibraryHandle = Protocol<Answers<messages::SaveKv, messages::KvSaved>,
                                 Answers<messages::LoadKv, messages::KvLoaded>>;

using TokenizerHandle = Protocol<Answers<messages::EncodeText, messages::EncodedText>,
                                 Answers<messages::DecodeTokens, messages::DecodedText>>;

using WatchdogHandle = Protocol<Handles<messages::WatchStage>, Handles<messages::UnwatchStage>,
                                Handles<messages::PollHeartbeats>>;

using TracerHandle = Protocol<Answers<messages::FlushTraces, messages::TracesFlushed>,
                              Handles<messages::PollTraces>>;

using ApplicationHandle = Protocol<
    Handles<messages::OpenRun>, Handles<messages::OpenGeneration>, Handles<messages::CancelRun>,
    Handles<messages::StageStarted>, Handles<messages::SlotWritten>,
    Handles<messages::StageSkipped>, Handles<messages::SlotPreempted>, Handles<messages::RunDone>,
    Handles<messages::StageDone>, Handles<messages::StagePreempted>, Handles<messages::StageFailed>,
    Answers<messages::GenerateText, messages::GeneratedText>, Handles<messages::PollText>>;

}  // namespace blue::actors
