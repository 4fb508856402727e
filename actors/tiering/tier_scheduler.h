// TierScheduler: the policy of a tiering actor: what to evict, what to fetch from the tier below,
// what to move. It reserves in its tier's ledger and makes the residency's transitions; the DMA
// engine copies.
//   vram  loads a block from ram where there is a tier ram, else straight from the file
//   ram   loads a block from the file, after nvme has checked that the file holds it
//   nvme  holds every block; it answers whether the files still have it
// Depends on actors/tiering/tier_memory.h, memory/tiers. Threads: its tiering actor's.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "actors/tiering/tier_memory.h"
#include "messages/rings.h"

namespace blue::actors {

class TierScheduler {
 public:
  using Want = messages::Want;
  struct BlockWant {
    memory::BlockId block;
    Want want{};
  };
  struct Booked {
    memory::BlockId block;
    Want want{};
    std::uint64_t offset = 0;  ///< bytes from the tier's base
  };
  /// What the actor sends now.
  struct Orders {
    std::vector<Booked> moves;           ///< to the DMA engine, into this tier
    std::vector<BlockWant> fetches;      ///< to the tier below
    std::vector<memory::BlockId> ready;  ///< to the tier above: resident here, or bypassing ram
    bool had_to_evict = false;
  };

  /// After a restart it takes over what its predecessor booked.
  TierScheduler(TierMemory& tiers, memory::Tier tier) : tiers_(tiers), tier_(tier) {
    release_abandoned();
  }

  [[nodiscard]] Orders fetch(std::span<const memory::BlockId> blocks, Want want);
  /// The tier below has the block, or the block bypasses it.
  [[nodiscard]] Orders below_ready(memory::BlockId block);
  [[nodiscard]] Orders moved(memory::BlockId block);
  /// A move failed: frees the room, and fails its waiters.
  [[nodiscard]] Orders move_failed(memory::BlockId block, Error error);
  /// Blocks that an eviction could not drop.
  struct Kept {
    std::uint32_t n_loading = 0;
    std::uint32_t n_pinned = 0;
  };
  /// Evicts these blocks and drops their pending requests.
  [[nodiscard]] Kept evict(std::span<const memory::BlockId> blocks);

 private:
  void want(memory::BlockId block, Want want, Orders& orders);
  void load(memory::BlockId block, Want want, Orders& orders);
  void retry(Orders& orders);
  /// Releases the room of failed moves whose report was lost with this scheduler's predecessor.
  void release_abandoned();
  void answer_from_files(memory::BlockId block, Orders& orders);

  TierMemory& tiers_;
  memory::Tier tier_;
  std::map<memory::BlockId, Want> asked_below_;
  std::map<memory::BlockId, Want>
      waiting_for_room_;  ///< until something that is loading has become evictable
  std::map<std::uint32_t, std::uint64_t> file_sizes_;
  std::size_t n_loading_ = 0;
};

}  // namespace blue::actors
