// The protocols: what each kind of actor handles and answers, as typed handles. Sending anything
// else does not compile.
// Depends on messages/ and CAF. Handles are strong references: one that is held beyond a handler
// keeps the actor's thread alive, so they are stored in the address book alone, which shutdown
// clears.
#pragma once

#include "messages/all_messages.h"
#include "messages/caf_compat.h"

namespace blue::actors {

using messages::Answers;
using messages::Handles;
using messages::Protocol;

using SupervisorHandle = Protocol<Handles<messages::OpenRun>, Handles<messages::RunDone>,
                                  Answers<messages::Ping, messages::Pong>>;

using SchedulerHandle =
    Protocol<Handles<messages::SubmitRun>, Handles<messages::StageReady>,
             Handles<messages::StageDone>, Handles<messages::StagePreempted>,
             Handles<messages::StageFailed>, Handles<messages::StageLost>,
             Handles<messages::CancelRun>, Handles<messages::RunDone>, Handles<messages::Stalled>,
             Handles<messages::TierPressure>, Handles<messages::LookAgain>,
             Answers<messages::UnloadModel, messages::ModelUnloaded>>;

using CascadeHandle = Protocol<Handles<messages::BeginRun>, Handles<messages::StageDone>,
                               Handles<messages::StagePreempted>, Handles<messages::StageFailed>,
                               Handles<messages::CancelRun>, Handles<messages::SchedulerRestarted>>;

using StageHandle =
    Protocol<Handles<messages::RunStage>, Answers<messages::ReleaseModel, messages::ModelReleased>>;

using EntropyMonitorHandle = Protocol<Handles<messages::JobBegan>, Handles<messages::LookAgain>>;

using TieringHandle = Protocol<Handles<messages::PrefetchModel>, Handles<messages::Moved>,
                               Handles<messages::MoveFailed>, Handles<messages::EngineStarted>,
                               Answers<messages::Evict, messages::Evicted>,
                               Handles<messages::WakeTiering>, Handles<messages::LookAgain>>;

using DmaEngineHandle = Protocol<Handles<messages::Move>, Handles<messages::LookAgain>>;

using KvLibraryHandle = Protocol<Answers<messages::SaveKv, messages::KvSaved>,
                                 Answers<messages::LoadKv, messages::KvLoaded>>;

using WatchdogHandle = Protocol<Handles<messages::JobBegan>, Handles<messages::LookAgain>>;

using TracerHandle =
    Protocol<Answers<messages::FlushTraces, messages::TracesFlushed>, Handles<messages::LookAgain>>;

using ApplicationHandle = Protocol<
    Handles<messages::OpenRun>, Handles<messages::CancelRun>, Handles<messages::StageStarted>,
    Handles<messages::SlotWritten>, Handles<messages::StageSkipped>,
    Handles<messages::SlotPreempted>, Handles<messages::RunDone>, Handles<messages::StageDone>,
    Handles<messages::StagePreempted>, Handles<messages::StageFailed>, Handles<messages::LookAgain>,
    Answers<messages::GenerateText, messages::GeneratedText>>;

}  // namespace blue::actors
