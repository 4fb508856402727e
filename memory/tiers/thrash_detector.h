// ThrashDetector: the share of a tier's loads that bring back a recently evicted block. Time is
// counted in loads, not seconds, so that the figure is the same on a slow machine and a quick one.
// Depends on memory/tiers/block.h. Threads: its owner's alone. Allocates in the constructor only.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/tiers/block.h"

namespace blue::memory {

class ThrashDetector {
 public:
  /// A load is a reload when the block was evicted at most `window` loads ago; the rate is over the
  /// last `window` loads.
  ThrashDetector(std::uint32_t n_blocks, std::uint32_t window);

  void evicted(BlockId block);
  void loaded(BlockId block);

  /// Reloads among the last `window` loads, 0 to 1; 0 before the first load.
  [[nodiscard]] double reload_rate() const;
  [[nodiscard]] std::uint64_t n_loads() const { return n_loads_; }
  [[nodiscard]] std::uint64_t n_reloads() const { return n_reloads_; }

 private:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  std::vector<std::uint64_t> evicted_at_;  ///< by block: n_loads_ at its last eviction
  std::vector<std::uint8_t> was_reload_;   ///< ring over the last `window` loads
  std::uint64_t n_loads_ = 0;
  std::uint64_t n_reloads_ = 0;
  std::uint64_t n_recent_reloads_ = 0;
};

}  // namespace blue::memory
