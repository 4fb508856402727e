// The token loop of a stage: source to link. It allocates nothing per token and sends no message:
// samples and text go over the stage's link, and its stop token is read before every token.
// Depends on the policies of actors/ and base; no CAF. Threads: the stage's.
#pragma once

#include <optional>
#include <string>

#include "actors/stage/stage_link.h"
#include "actors/stage/token_source.h"
#include "base/error.h"

namespace blue::actors {

/// Publishes a job on the link for its lifetime, however the job ends.
class JobScope {
 public:
  JobScope(StageLink& link, messages::JobNumber job) : link_(link), stop_(link.begin_job(job)) {}
  ~JobScope() {
    if (stop_) link_.end_job();
  }
  JobScope(const JobScope&) = delete;
  JobScope& operator=(const JobScope&) = delete;
  /// Nothing when the job was preempted before it began.
  [[nodiscard]] const std::optional<StopToken>& stop() const { return stop_; }

 private:
  StageLink& link_;
  std::optional<StopToken> stop_;
};

/// Exactly one of the three: done (neither optional set), preempted, failed. In each case `text` is
/// the generated text, or the part of it that the job's TextReturn selects.
struct StageOutcome {
  messages::JobText text;
  messages::StageFigures figures;
  messages::StageEnd end{};
  std::optional<messages::PreemptReason> preempted;
  std::optional<Error> error;
};

/// Leaves a span `prompt` and a span `step` per token on the link's trace, under the span that runs
/// there. An exception from the source passes through.
StageOutcome run_stage_job(const messages::JobSpec& job, const JobScope& scope, TokenSource& source,
                           StageLink& link);

}  // namespace blue::actors
