// RingLeases: a stage's lease source. A hit is a few atomics; a miss goes into the channel's miss
// ring, which the DMA engine reads between its moves, and the stage waits in the tier memory's
// line.
// Depends on the policies of actors/, memory/tiers. Threads: its stage's. Lifetime: tiers and
// channel outlive it.
#pragma once

#include "actors/stage/stage_channel.h"
#include "actors/tiering/tier_memory.h"
#include "memory/tiers/lease_source.h"

namespace blue::actors {

class RingLeases final : public memory::LeaseSource {
 public:
  RingLeases(TierMemory& tiers, StageChannel& channel) : tiers_(tiers), channel_(channel) {}

  [[nodiscard]] Result<memory::Lease> lease(memory::BlockId block, const StopToken& stop) override;
  void hint(memory::BlockId block) override;

  /// Leases that had to be waited for.
  [[nodiscard]] std::uint64_t n_misses() const { return n_misses_; }

 private:
  enum class Want : std::uint8_t { guessed, demanded };
  void ask(memory::BlockId block, Want want);
  [[nodiscard]] Result<memory::Lease> miss(memory::BlockId block, const StopToken& stop);

  TierMemory& tiers_;
  StageChannel& channel_;
  std::uint64_t n_misses_ = 0;
};

}  // namespace blue::actors
