// EntropyMonitor: hears every token's entropy over the channels' sample rings, tells the scheduler
// hints over the hint ring, and stops a stage whose stream has degenerated. Polls only while a
// stage runs.
// Depends on actors/. Threads: its own; consumer of all sample rings, producer of the hint ring.
// After a restart it listens again wherever a job runs; the statistics begin anew.
#pragma once

#include <memory>
#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/entropy_watch.h"

namespace blue::actors {

class EntropyMonitor final : public PinnedActor<EntropyMonitorHandle> {
 public:
  EntropyMonitor(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;

 private:
  struct Listening {
    messages::JobNumber job = 0;  ///< 0: nobody runs at this stage_id
    std::unique_ptr<EntropyWatch> watch;
  };

  Listening& at(messages::StageId stage_id);
  void begin(messages::StageId stage_id, messages::JobNumber job, std::uint32_t max_tokens);
  void end(messages::StageId stage_id, messages::JobNumber job);
  std::size_t drain(messages::StageId stage_id);
  void feed(messages::StageId stage_id, const messages::TokenSample& sample);
  void hint(messages::StageId stage_id, const Listening& listening, HintKind kind);
  void preempt(messages::StageId stage_id, messages::JobNumber job, Degeneration degeneration);
  void poll();
  void begin_polling();

  std::vector<Listening> listening_;  ///< by stage_id
  std::size_t n_running_ = 0;
  bool is_polling_ = false;
};

}  // namespace blue::actors
