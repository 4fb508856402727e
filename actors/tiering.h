// Tiering: owns the residency of blocks in vram and ram through the tier scheduler. Reads the
// channels' miss rings, sends moves to the DMA engine, wakes the stages that wait.
// Depends on actors/. Threads: its own. After a restart it continues with the tier memory's tables;
// waiters repeat their requests.
#pragma once

#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/model_registry.h"
#include "actors/stage/stage_channel.h"
#include "actors/tiering/tier_memory.h"
#include "memory/tiers/tier_scheduler.h"

namespace blue::actors {

class Tiering final : public PinnedActor<TieringHandle> {
 public:
  /// `registry` may be null: nothing can be prefetched by model then.
  Tiering(caf::actor_config& config, ActorHost& host, TierMemory& tiers,
          const ModelRegistry* registry, StageChannels& channels);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  /// Sends what the scheduler starts now; posts what it refuses.
  void advance();
  void prefetch(const messages::PrefetchModel& order);
  void engine_started(const messages::EngineStarted& started);
  [[nodiscard]] messages::Promise<messages::Evicted> evict(const messages::Evict& order);
  /// Answers the evictions that no copy delays any more.
  void answer_evictions();
  std::size_t take_misses();
  [[nodiscard]] bool has_news() const;
  void poll();
  void begin_polling();

  /// An order that waits until none of its blocks is being copied.
  struct Eviction {
    std::vector<memory::BlockId> blocks;
    messages::Promise<messages::Evicted> promise;
  };
  /// A move that an incarnation of the engine has.
  struct Ordered {
    memory::BlockId block;
    memory::Tier to{};
    std::uint64_t incarnation = 0;
  };

  TierMemory& tiers_;
  const ModelRegistry* registry_;
  StageChannels& channels_;
  memory::TierScheduler scheduler_;
  std::vector<memory::TierScheduler::Move> moves_;
  std::vector<Ordered> ordered_;
  std::vector<Eviction> evictions_;
  Nanoseconds last_work_ns_ = 0;
  std::uint64_t n_progress_seen_ = 0;
  bool is_polling_ = false;
};

std::string_view to_text(memory::Tier tier);

}  // namespace blue::actors
