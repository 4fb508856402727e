// PrefetchPredictor: which blocks are needed next. For dense blocks the program gives it: its
// order, walked in a circle, one round per step. For routed experts it is unknown until the router
// ran; there a table of the most recently used experts of each layer guesses. It counts its hits
// and misses and moves nothing.
// Depends on base and memory/tiers/{block,eviction}.h. Threads: its owner's alone. Allocates in the
// constructor only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "memory/tiers/block.h"
#include "memory/tiers/eviction.h"

namespace blue::memory {

class PrefetchPredictor {
 public:
  /// `order`: the blocks of one step in the order of their uses (empty: unknown); ids below
  /// `n_blocks`.
  PrefetchPredictor(std::vector<BlockId> order, std::uint32_t n_blocks);

  /// The block is used now: moves the place in the order to its next use.
  /// Bound: one compare when the use was the predicted one; O(order) when it jumps.
  void used(BlockId block);

  /// The next `depth` uses after the present place, at most one round.
  [[nodiscard]] std::vector<BlockId> next(std::uint32_t depth) const;

  /// Uses until the block's next use (1: it is next); kNoKnownUse when the order does not name
  /// it.
  [[nodiscard]] std::uint64_t uses_until(BlockId block) const;

  /// Uses that the order predicted, and the others. Without an order every use is a miss.
  [[nodiscard]] std::uint64_t n_hits() const { return n_hits_; }
  [[nodiscard]] std::uint64_t n_misses() const { return n_misses_; }

 private:
  std::vector<BlockId> order_;
  std::vector<std::vector<std::uint32_t>>
      places_;                  ///< by block id: its places in the order, rising
  std::size_t next_place_ = 0;  ///< of the use that is expected next
  std::uint64_t n_hits_ = 0;
  std::uint64_t n_misses_ = 0;
};

/// The experts of each layer by recency: the best simple predictor of the router's next choice.
class ExpertRecency {
 public:
  /// Remembers the last `n_kept` different experts of each of `n_layers`.
  ExpertRecency(std::uint32_t n_layers, std::uint32_t n_kept);

  /// The router of `layer` chose these experts (blocks) for a token; counts the predicted ones.
  void chosen(std::uint32_t layer, std::span<const BlockId> experts);

  /// The remembered experts of the layer, most recent first.
  [[nodiscard]] std::span<const BlockId> predict(std::uint32_t layer) const;

  [[nodiscard]] std::uint64_t n_hits() const { return n_hits_; }
  [[nodiscard]] std::uint64_t n_misses() const { return n_misses_; }

 private:
  std::uint32_t n_kept_;
  std::vector<std::vector<BlockId>> recent_;  ///< by layer, most recent first
  std::uint64_t n_hits_ = 0;
  std::uint64_t n_misses_ = 0;
};

}  // namespace blue::memory
