// TierWarden: the tier manager actor, one of three (vram, ram, nvme): owns the blocks of its tier. Its brain, TierKeeper, decides; this shell passes
// fetches down, moves to the DMA engine, and readiness up.
// Depends on actors/. Threads: its own. After a restart it goes on with the tier house's tables; what it was asked for is
// asked again by who waits.
#pragma once

#include <vector>

#include "actors/handles.h"
#include "actors/logic/tier_keeper.h"
#include "actors/seated_actor.h"

namespace blue::actors {

class TierWarden final : public SeatedActor<TierManagerHandle> {
 public:
  TierWarden(caf::actor_config& config, Fabric& fabric, memory::Tier tier);
  Behavior make_behavior() override;

 private:
  void obey(const TierKeeper::Orders& orders);
  void say_fetches(const std::vector<TierKeeper::BlockWant>& fetches);
  void prefetch(const messages::PrefetchModel& order);

  const memory::Tier tier_;
  TierKeeper keeper_;
};

std::string_view to_text(memory::Tier tier);

}  // namespace blue::actors
