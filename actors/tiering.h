// Tiering: the tier manager actor, one of three (vram, ram, nvme): owns the blocks of its tier. Its
// policy, TierScheduler, decides; this shell passes fetches down, moves to the DMA engine, and
// readiness up.
// Depends on actors/. Threads: its own. After a restart it goes on with the tier memory's tables;
// what it was asked for is asked again by who waits.
#pragma once

#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/tiering/tier_scheduler.h"

namespace blue::actors {

class Tiering final : public PinnedActor<TieringHandle> {
 public:
  Tiering(caf::actor_config& config, RuntimeContext& runtime, memory::Tier tier);
  Behavior make_behavior() override;

 private:
  void execute(const TierScheduler::Orders& orders);
  void send_fetches(const std::vector<TierScheduler::BlockWant>& fetches);
  void prefetch(const messages::PrefetchModel& order);

  const memory::Tier tier_;
  TierScheduler scheduler_;
};

std::string_view to_text(memory::Tier tier);

}  // namespace blue::actors
