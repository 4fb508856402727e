// LeaseSource: where an executor gets its leases: a synchronous loader on the caller's own thread
// (InlineTiers: `blue logits`, tests), or the tiering and DMA actors (RingLeases).
// Depends on base and memory/tiers. Threads: one executor at a time per source, unless the
// implementation documents more.
#pragma once

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

  /// `block` will be needed soon; never waits, may be ignored.
  virtual void hint(BlockId block) = 0;
};

}  // namespace blue::memory
