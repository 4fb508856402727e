// UnifiedAddressSpace: one place for every byte of every model, named (block, offset), whatever
// tier it lies in; and the view of all tiers that a shell or a tracer shows. It observes; it pins
// and moves nothing, so an address it names may be invalid a moment later: to read, take a lease.
// Depends on memory/tiers. Threads: any. Lifetime: catalog and residency outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "memory/tiers/block_catalog.h"
#include "memory/tiers/residency.h"

namespace blue::memory {

struct BlockPlace {
  Tier tier = Tier::nvme;         ///< the nearest tier that holds the byte
  std::uint32_t file = 0;         ///< where the byte is in the model's files: catalog file,
  std::uint64_t file_offset = 0;  ///< and offset in it
};

struct TierView {
  std::uint32_t n_resident = 0;
  std::uint32_t n_loading = 0;
  std::uint32_t n_evicting = 0;
  std::uint32_t n_pinned = 0;
  Bytes resident;  ///< bytes of resident blocks; for nvme: of all blocks
};

class UnifiedAddressSpace {
 public:
  UnifiedAddressSpace(const BlockCatalog& catalog, const Residency& residency)
      : catalog_(catalog), residency_(residency) {}

  /// The nearest tier that can be read now; nvme when the block is in no memory.
  [[nodiscard]] Tier nearest_tier(BlockId block) const;

  /// Where byte `offset` of the block lies; nothing for a free id, padding, or an offset behind the
  /// end.
  [[nodiscard]] std::optional<BlockPlace> locate(BlockId block, std::uint64_t offset) const;

  /// Counts per tier, each entry read atomically, not all at one instant. No model may be removed
  /// meanwhile.
  [[nodiscard]] std::array<TierView, kTiers> view() const;

 private:
  const BlockCatalog& catalog_;
  const Residency& residency_;
};

}  // namespace blue::memory
