// Tiering: the actor of one tier, one of three (vram, ram, nvme). Its policy, TierScheduler,
// decides; the actor sends fetches to the tier below, moves to the DMA engine, and block_ready to
// the tier above.
// Depends on actors/. Threads: its own. After a restart it continues with the tier memory's tables;
// waiters repeat their requests.
#pragma once

#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/tiering/tier_scheduler.h"

namespace blue::actors {

class Tiering final : public PinnedActor<TieringHandle> {
 public:
  /// `registry` may be null: nothing can be prefetched by model then.
  Tiering(caf::actor_config& config, ActorHost& host, TierMemory& tiers,
          const ModelRegistry* registry, memory::Tier tier);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  void execute(const TierScheduler::Orders& orders);
  void send_fetches(const std::vector<TierScheduler::BlockWant>& fetches);
  void prefetch(const messages::PrefetchModel& order);
  [[nodiscard]] messages::Promise<messages::Evicted> evict(const messages::Evict& order);
  /// Answers the evictions that no copy delays any more.
  void answer_evictions();

  /// An order that waits until none of its blocks is being copied.
  struct Eviction {
    std::vector<memory::BlockId> blocks;
    messages::Promise<messages::Evicted> promise;
  };

  TierMemory& tiers_;
  const ModelRegistry* registry_;
  const memory::Tier tier_;
  TierScheduler scheduler_;
  std::vector<Eviction> evictions_;
};

std::string_view to_text(memory::Tier tier);

}  // namespace blue::actors
