// Stage (thinker, coder, reviewer, fixer, ...): owns one token source and its channel; runs one job
// at a time. The token loop sends no message: samples, text and misses cross the channel's rings.
// It hears a preemption through the channel's stop flag, which whoever preempts raises beside the
// message.
// Depends on actors/. Threads: its own, pinned to the first compute core.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/stage_loop.h"

namespace blue::actors {

class Stage final : public PinnedActor<StageHandle> {
 public:
  Stage(caf::actor_config& config, RuntimeContext& runtime, messages::StageId stage_id);

  Behavior make_behavior() override;
  void on_exit() override;

 private:
  using OutcomeMessage =
      std::variant<messages::StageDone, messages::StagePreempted, messages::StageFailed>;

  void start_job(const messages::RunStage& order);
  /// Parks the KV rows of the model that is left, asks for those of the one that is entered, then
  /// runs.
  void run_after_switch(const messages::RunStage& order, TokenSource::KvSwitch change);
  void run(const messages::RunStage& order);
  void send_outcome();

  StageChannel& channel_;
  std::unique_ptr<TokenSource> source_;         ///< made on the stage's own thread at its first job
  std::optional<OutcomeMessage> last_outcome_;  ///< said again when the same job is ordered again
};

}  // namespace blue::actors
