// TierLedger: allocator and index of one tier. It plans and reserves; it moves no bytes and holds
// no states: its owner (a tiering actor, InlineTiers) pairs it with Residency:
//   plan_room -> for each victim: begin_evict, release, finish_evict
//             -> begin_load, reserve -> mover -> publish
// Depends on memory/tiers/{block,eviction,tier_arena}.h. Threads: its owner's alone. The memory
// outlives the ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "memory/tiers/block.h"
#include "memory/tiers/eviction.h"
#include "memory/tiers/tier_arena.h"

namespace blue::memory {

class TierLedger {
 public:
  /// Books [base, base + size) for `tier`; ids below `n_blocks`. `base` null only with size 0 (a
  /// tier without memory).
  TierLedger(Tier tier, std::byte* base, Bytes size, std::uint32_t n_blocks);

  struct Held {
    BlockId block;
    std::uint64_t offset = 0;
    Bytes size;
  };

  /// Does a block of `size` fit without an eviction?
  [[nodiscard]] bool has_room(Bytes size) const {
    return arena_.largest_hole() >= TierArena::occupied(size);
  }

  /// The victims whose eviction lets `size` bytes fit in one piece. Not is_possible: pinned blocks
  /// or the tier's size forbid it. Victims are taken in eviction order until a hole is large
  /// enough; those that the hole does not need stay.
  struct RoomPlan {
    bool is_possible = false;
    std::vector<BlockId> victims;
  };
  [[nodiscard]] RoomPlan plan_room(Bytes size, std::span<const EvictionCandidate> candidates) const;

  /// Reserves room for the block and returns where; nothing when no hole fits. A bug when it is
  /// held already.
  [[nodiscard]] std::optional<std::byte*> reserve(BlockId block, Bytes size);
  /// Releases the block's room; a bug when it is not held.
  void release(BlockId block);

  [[nodiscard]] const Held* find(BlockId block) const;
  /// Where a held block lies; a bug when it is not held.
  [[nodiscard]] std::byte* address(BlockId block) const;
  /// In no particular order.
  [[nodiscard]] std::span<const Held> held() const { return held_; }

  [[nodiscard]] Tier tier() const { return tier_; }
  [[nodiscard]] Bytes size() const { return arena_.size(); }
  [[nodiscard]] Bytes free_bytes() const { return arena_.free_bytes(); }

 private:
  static constexpr std::uint32_t kNotHeld = 0xffffffff;

  Tier tier_;
  std::byte* base_;
  TierArena arena_;
  std::vector<Held> held_;
  std::vector<std::uint32_t> index_;  ///< by block id: place in held_, or kNotHeld
};

}  // namespace blue::memory
