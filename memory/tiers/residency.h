// Residency: which blocks are in which tier now, at which address, and who pins them. And Lease,
// the pin itself. Taking a lease on a resident block is a handful of atomics, from any thread;
// nothing allocates after construction.
//
//   absent --begin_load--> loading --publish(address)--> resident
//                          loading --abandon--> absent
//   resident --begin_evict (only while pins == 0)--> evicting --finish_evict--> absent
//
// Invariant: an address is readable exactly while the state is resident; pins exist only in
// resident. Depends on base and memory/tiers/block.h. Residency outlives every lease; leases are
// move-only, one thread at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "memory/tiers/block.h"
#include "memory/tiers/eviction_policy.h"

namespace blue::memory {

enum class BlockState : std::uint8_t { absent, loading, resident, evicting };

class Residency;

/// Pins a block in a tier; the destructor unpins it.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept { swap(other); }
  Lease& operator=(Lease&& other) noexcept {
    Lease taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Lease() { release(); }

  [[nodiscard]] bool is_held() const { return table_ != nullptr; }
  [[nodiscard]] BlockId block() const { return block_; }
  [[nodiscard]] Tier tier() const { return tier_; }
  /// An address that the device of tier 0 can read; valid while the lease is held.
  [[nodiscard]] std::byte* address() const { return address_; }

  void release();

 private:
  friend class Residency;
  Lease(Residency& table, BlockId block, Tier tier, std::byte* address)
      : table_(&table), block_(block), tier_(tier), address_(address) {}
  void swap(Lease& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(block_, other.block_);
    std::swap(tier_, other.tier_);
    std::swap(address_, other.address_);
  }

  Residency* table_ = nullptr;
  BlockId block_;
  Tier tier_ = Tier::vram;
  std::byte* address_ = nullptr;
};

class Residency {
 public:
  /// Room for `n_blocks` block ids, all absent.
  explicit Residency(std::uint32_t n_blocks);

  [[nodiscard]] std::uint32_t n_blocks() const { return n_blocks_; }

  /// Pins the block if it is resident in that tier. Any thread; wait-free but for contended
  /// retries.
  [[nodiscard]] std::optional<Lease> try_lease(BlockId block, Tier tier);

  /// The five transitions. Each returns whether the state allowed it. Called by the tier's owner.
  [[nodiscard]] bool begin_load(BlockId block, Tier tier);
  void publish(BlockId block, Tier tier, std::byte* address);
  void abandon(BlockId block, Tier tier);
  [[nodiscard]] bool begin_evict(BlockId block, Tier tier);
  void finish_evict(BlockId block, Tier tier);

  [[nodiscard]] BlockState state(BlockId block, Tier tier) const;
  [[nodiscard]] std::uint32_t pins(BlockId block, Tier tier) const;
  /// What keeping the block in a tier is worth by the policy, from its leases in whatever tier,
  /// also before it was last evicted; only the order of two worths means anything.
  /// lru: the tick of its last lease; lfu: its leases; automatic: its leases, each fading by half
  /// in kHalfLife steps (LRFU).
  /// Source: Lee et al. 2001, LRFU: a spectrum of policies that subsumes LRU and LFU.
  [[nodiscard]] double worth(BlockId block, EvictionPolicy policy) const;
  /// Leases ever taken, and loads.
  [[nodiscard]] std::uint32_t n_uses(BlockId block) const {
    return uses_[block.value].n.load(std::memory_order_relaxed);
  }
  /// A step begins somewhere: the clock of fading.
  void begin_step() { step_.fetch_add(1, std::memory_order_relaxed); }
  static constexpr float kHalfLife = 64.0F;

 private:
  friend class Lease;
  struct Entry {
    std::atomic<std::uint32_t> word{0};  ///< pins << 2 | BlockState
    std::atomic<std::byte*> address{nullptr};
  };
  /// Advice for eviction, by block; races lose an update, no more.
  struct Uses {
    std::atomic<std::uint64_t> last{0};  ///< tick of the last lease: a counter, not a clock
    std::atomic<std::uint32_t> n{0};
    std::atomic<std::uint32_t> scored_at{0};  ///< step
    std::atomic<float> score{0.0F};
  };
  [[nodiscard]] Entry& entry(BlockId block, Tier tier) const {
    BLUE_CHECK(block.value < n_blocks_);
    return entries_[static_cast<std::size_t>(block.value) * kTiers +
                    static_cast<std::size_t>(tier)];
  }
  void unpin(BlockId block, Tier tier);
  void note_use(BlockId block);

  std::uint32_t n_blocks_;
  std::unique_ptr<Entry[]> entries_;
  std::unique_ptr<Uses[]> uses_;
  std::atomic<std::uint64_t> tick_{0};
  std::atomic<std::uint32_t> step_{0};
};

}  // namespace blue::memory
