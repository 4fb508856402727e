// Eviction: which blocks leave a tier first. Pure: numbers in, an order or victims out; it moves
// nothing. A block whose next use is furthest away leaves first, one without a known next use
// before all others (Belady as far as the future is known); among equals the one worth least by the
// policy. Depends on base and memory/tiers/{block,step_orders}.h. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/units.h"
#include "memory/tiers/block.h"
#include "memory/tiers/eviction_policy.h"
#include "memory/tiers/step_orders.h"

namespace blue::memory {

struct EvictionCandidate {
  BlockId block;
  Bytes size;
  std::uint64_t next_use = kNoKnownUse;  ///< uses until its next one
  double worth = 0.0;                    ///< by the policy: Residency::worth
  std::uint32_t pins = 0;
  bool is_busy = false;  ///< it counts, but cannot leave yet
};

/// A strict total order: ties end at the block id.
[[nodiscard]] bool leaves_before(const EvictionCandidate& a, const EvictionCandidate& b);

/// All candidates without pins, first to be evicted first.
[[nodiscard]] std::vector<EvictionCandidate> eviction_order(
    std::span<const EvictionCandidate> candidates);

}  // namespace blue::memory
