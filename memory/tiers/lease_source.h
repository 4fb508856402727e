// LeaseSource: where an executor gets its leases: a synchronous loader on the caller's own thread
// (InlineTiers: tools, tests), or the tiering and DMA actors (RingLeases).
// Depends on base and memory/tiers. Threads: one executor at a time per source, unless the
// implementation documents more.
#pragma once

#include <optional>
#include <span>

#include "base/result.h"
#include "base/stop_token.h"
#include "memory/memory_error.h"
#include "memory/tiers/residency.h"

namespace blue::memory {

class LeaseSource {
 public:
  virtual ~LeaseSource() = default;

  /// A lease on `block` at an address that tier 0's device can read. A hit costs a few atomics and
  /// allocates nothing; a miss asks for the block and waits until it is there.
  /// Errors: stopped, tier_full, read_failed, block_corrupt.
  [[nodiscard]] virtual Result<Lease> lease(BlockId block, const StopToken& stop) = 0;

  /// A lease if the block is in tier 0 now; asks for nothing.
  [[nodiscard]] virtual std::optional<Lease> try_lease(BlockId block) = 0;

  /// Demands those of the blocks that are absent, as one batch: they are leased soon, in whatever
  /// order they arrive. Never waits.
  virtual void request(std::span<const BlockId> blocks) = 0;

  /// A step begins.
  virtual void begin_step() = 0;
  /// The step needs the block at `place` of its model's order (StepOrders) now.
  virtual void set_place(std::uint32_t place) = 0;
};

}  // namespace blue::memory
