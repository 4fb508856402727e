// The token loop of a stage: source to rings. It allocates nothing per token and sends no message:
// samples and text go to the channel's rings, life to its heartbeat, and its stop token is read
// before every token.
// Depends on the policies of actors/ and base; no CAF. Threads: the stage's.
#pragma once

#include <optional>
#include <string>

#include "actors/stage/stage_channel.h"
#include "actors/stage/token_source.h"
#include "base/error.h"
#include "base/trace_context.h"

namespace blue::actors {

/// Exactly one of the three: done (neither optional set), preempted, failed. Whatever it was,
/// `text` is what came out.
struct StageOutcome {
  std::string text;
  messages::StageFigures figures;
  messages::StageEnd end{};
  std::optional<messages::PreemptReason> preempted;
  std::optional<Error> error;
};

/// `running`: the context of the handler that runs the job; the ring records become its children
/// (unstamped: untraced). An exception out of the source passes through, after the channel was told
/// that the job has ended.
StageOutcome run_stage_job(const StageJob& job, TokenSource& source, StageChannel& channel,
                           const TraceContext& running);

}  // namespace blue::actors
