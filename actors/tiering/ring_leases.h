// RingLeases: a stage's lease source. A hit is a few atomics; a miss goes over the stage's link to
// the DMA engine, which reads it between its moves, and the stage waits in the tier memory's wait
// queue.
// Depends on the policies of actors/, memory/tiers. Threads: its stage's. Lifetime: tiers and link
// outlive it.
#pragma once

#include "actors/stage/stage_link.h"
#include "actors/tiering/tier_memory.h"
#include "memory/tiers/lease_source.h"

namespace blue::actors {

class RingLeases final : public memory::LeaseSource {
 public:
  RingLeases(TierMemory& tiers, StageLink& link) : tiers_(tiers), link_(link) {}

  [[nodiscard]] Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop) override;
  void hint(memory::BlockId block) override;

  /// Leases that it waited for.
  [[nodiscard]] std::uint64_t n_misses() const { return n_misses_; }

 private:
  void ask(memory::BlockId block, messages::Want want);
  [[nodiscard]] Result<memory::Lease> miss(memory::BlockId block, const StopToken& stop);

  TierMemory& tiers_;
  StageLink& link_;
  std::uint64_t n_misses_ = 0;
};

}  // namespace blue::actors
