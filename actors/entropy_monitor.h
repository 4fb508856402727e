// EntropyMonitor: reads every token's entropy from the channels' sample rings, pushes hints for the
// scheduler to the hint ring, and preempts a stage whose stream has degenerated. A sample names its
// job, so a job's watch begins with its first sample. Polls only while a job runs; job_began wakes
// it.
// Depends on actors/. Threads: its own; consumer of all sample rings, producer of the hint ring.
// After a restart it continues to read; the statistics begin anew.
#pragma once

#include <memory>
#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/entropy_watch.h"

namespace blue::actors {

class EntropyMonitor final : public PinnedActor<EntropyMonitorHandle> {
 public:
  EntropyMonitor(caf::actor_config& config, ActorHost& host, StageChannels& channels,
                 messages::HintRing& hints, const EntropyWatchLimits& limits);
  Behavior make_behavior() override;

 private:
  /// Per channel: the job of the last sample, and its statistics.
  struct Watched {
    messages::JobNumber job;
    std::unique_ptr<EntropyWatch> watch;
  };

  std::size_t drain(StageChannel& channel);
  std::size_t drain_all();
  void feed(StageChannel& channel, const messages::TokenSample& sample);
  void begin_polling();
  void poll();

  StageChannels& channels_;
  messages::HintRing& hints_;
  const EntropyWatchLimits limits_;
  std::vector<Watched> watched_;  ///< by stage id
  bool is_polling_ = false;
};

}  // namespace blue::actors
