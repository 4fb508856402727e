// Eviction: which blocks leave a tier first. Pure: numbers in, an order or victims out; it moves
// nothing. The order: a block whose next use is furthest away goes first, one without a known next
// use before all others (Belady as far as the future is known); among equals the least recently
// used (recency), then the least often used. Depends on base and memory/tiers/block.h. Any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/units.h"
#include "memory/tiers/block.h"

namespace blue::memory {

/// The next use of a block that no known program uses.
inline constexpr std::uint64_t kNoKnownUse = std::numeric_limits<std::uint64_t>::max();

struct EvictionCandidate {
  BlockId block;
  Bytes size;
  std::uint64_t last_used = 0;  ///< Residency's tick
  std::uint64_t n_uses = 0;     ///< leases or loads counted by the tier's owner
  std::uint64_t next_use =
      kNoKnownUse;  ///< uses until its next use, where the program order is known
  std::uint32_t pins = 0;
};

/// All candidates without pins, first to be evicted first. A strict total order: ties end at the
/// block id.
[[nodiscard]] std::vector<EvictionCandidate> eviction_order(
    std::span<const EvictionCandidate> candidates);

/// The shortest prefix of eviction_order that frees `needed` bytes, less those that it can do
/// without (the later to go are spared first); empty when even all of it would not be enough.
[[nodiscard]] std::vector<BlockId> choose_victims(std::span<const EvictionCandidate> candidates,
                                                  Bytes needed);

}  // namespace blue::memory
