#include "memory/tiers/unified_address_space.h"

namespace blue::memory {

Tier UnifiedAddressSpace::nearest_tier(BlockId block) const {
  for (const Tier tier : {Tier::vram, Tier::ram}) {
    if (residency_.state(block, tier) == BlockState::resident) return tier;
  }
  return Tier::nvme;
}

std::optional<BlockPlace> UnifiedAddressSpace::locate(BlockId block, std::uint64_t offset) const {
  const Block* found = catalog_.find(block);
  if (found == nullptr) return std::nullopt;
  for (const BlockExtent& extent : found->extents) {
    if (offset < extent.block_offset || offset - extent.block_offset >= extent.size) continue;
    return BlockPlace{.tier = nearest_tier(block),
                      .file = extent.file,
                      .file_offset = extent.file_offset + (offset - extent.block_offset)};
  }
  return std::nullopt;
}

std::array<TierView, kTiers> UnifiedAddressSpace::view() const {
  std::array<TierView, kTiers> tiers{};
  for (std::uint32_t i = 0; i < catalog_.capacity(); ++i) {
    const Block* block = catalog_.find(BlockId{i});
    if (block == nullptr) continue;
    TierView& files = tiers[static_cast<std::size_t>(Tier::nvme)];
    files.n_resident += 1;
    files.resident += block->size;
    for (const Tier tier : {Tier::vram, Tier::ram}) {
      TierView& view = tiers[static_cast<std::size_t>(tier)];
      switch (residency_.state(block->id, tier)) {
        case BlockState::absent: break;
        case BlockState::loading: view.n_loading += 1; break;
        case BlockState::evicting: view.n_evicting += 1; break;
        case BlockState::resident:
          view.n_resident += 1;
          view.resident += block->size;
          if (residency_.pins(block->id, tier) > 0) view.n_pinned += 1;
          break;
      }
    }
  }
  return tiers;
}

}  // namespace blue::memory
