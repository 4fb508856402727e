// TierScheduler: the one policy of the tiers: what leaves, what is moved next, and whether that is
// worth it. A state machine without threads, clock or I/O: it books in the ledgers of vram and ram,
// makes the residency's transitions, and hands out moves; its owner carries them (Mover) and
// reports each end. InlineTiers and the tiering actor drive the same one.
//
//   demanded  a step waits for the block: may evict whatever is not pinned, and starts first
//   planned   the next absent block of an active order, or of the next one in line
//   guessed   somebody expects it: only into free room, only while nothing else is under way
//
// Who leaves first: blocks without a known next use, by the eviction policy; then those used
// furthest ahead (Belady). A plan evicts what Belady would evict when its block is needed; it
// starts as soon as that victim is free, and one use before it is needed takes the best that is
// free then: otherwise a long order would chase itself round the tier and load everything every
// step.
// Depends on memory/tiers. Threads: its owner's alone; leases and places change meanwhile.
// Lifetime: catalog, residency, ledgers and orders outlive it.
// Source: Belady 1966; Cao et al. 1995, A study of integrated prefetching and caching strategies.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "memory/memory_error.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/eviction.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/step_orders.h"
#include "memory/tiers/thrash_detector.h"
#include "memory/tiers/tier_ledger.h"
#include "memory/tiers/urgency.h"

namespace blue::memory {

struct TierSchedulerOptions {
  EvictionPolicy policy = EvictionPolicy::automatic;
  /// Moves under way at most.
  std::uint32_t max_in_flight = 16;
  /// Bytes under way beyond which no further plan starts: what the links need to be busy.
  Bytes plan_window = 64_MiB;
};

/// What the scheduler decided so far.
struct TierSchedulerCounts {
  std::uint64_t n_demanded = 0;  ///< moves into vram that a step waited for from their beginning
  std::uint64_t n_planned = 0;   ///< moves into vram before a step asked
  std::uint64_t n_guessed = 0;
  std::uint64_t n_evictions = 0;  ///< out of vram
  Bytes bytes_read;               ///< from files
  Bytes bytes_copied;             ///< from ram to vram
};

class TierScheduler {
 public:
  /// `ram` of size 0: no tier 1; blocks go from the file to vram.
  TierScheduler(const BlockCatalog& catalog, Residency& residency, TierLedger& vram,
                TierLedger& ram, StepOrders& orders, TierSchedulerOptions options);

  /// A step waits for the block in vram. Called again where the wait takes long: it then leases
  /// nothing else that has arrived for it.
  void demand(BlockId block);
  void guess(BlockId block);

  /// A move to start now, its room booked, its block `loading` in `to`.
  struct Move {
    BlockId block;
    Tier from = Tier::nvme;
    Tier to = Tier::vram;
    Urgency urgency = Urgency::demanded;
    std::uint64_t offset = 0;       ///< bytes from the base of `to`
    std::uint64_t from_offset = 0;  ///< bytes from the base of ram, where it comes from there
  };
  /// Appends the moves to start now. Call it after every event.
  void next(std::vector<Move>& moves);

  /// The mover has published the block.
  void moved(BlockId block, Tier to);
  /// The mover has abandoned it. A demand for it ends too: its waiter asks again or gives up.
  void failed(BlockId block, Tier to);

  /// A demand that no eviction can meet. Its block may be in ram, where a device that reads
  /// page-locked memory finds it.
  struct Refusal {
    BlockId block;
    Error error;
  };
  /// The refusals since the last call.
  [[nodiscard]] std::vector<Refusal> take_refusals();

  /// Blocks that an eviction could not drop.
  struct Kept {
    std::uint32_t n_loading = 0;
    std::uint32_t n_pinned = 0;
  };
  /// Evicts from both tiers and forgets every wish for these blocks.
  Kept evict(std::span<const BlockId> blocks);

  [[nodiscard]] std::size_t n_in_flight() const { return in_flight_.size(); }
  [[nodiscard]] const TierSchedulerCounts& counts() const { return counts_; }
  /// Of the last loads into vram, those of blocks that had just been evicted.
  [[nodiscard]] double reload_rate() const { return thrash_.reload_rate(); }
  /// True once since the last call where blocks had to leave for others.
  [[nodiscard]] bool take_pressure(Tier tier);

 private:
  enum class Started : std::uint8_t { yes, already, no_room, later };
  /// Room in which tier, for a block that is used `uses_until` from now. Demands have no limit.
  struct Wish {
    BlockId block;
    Urgency urgency{};
    std::uint64_t uses_until = 0;
    bool is_near = true;  ///< needed so soon that the best victim is not waited for
    Activity activity = Activity::active;
  };

  void start_demands(std::vector<Move>& moves) BLUE_REQUIRES(orders_.mutex);
  void refuse(BlockId block);
  void start_plans(Activity activity, std::vector<Move>& moves) BLUE_REQUIRES(orders_.mutex);
  void start_plans_of(OrderId order, Activity activity, std::vector<Move>& moves)
      BLUE_REQUIRES(orders_.mutex);
  void start_guesses(std::vector<Move>& moves) BLUE_REQUIRES(orders_.mutex);
  Started bring(const Wish& wish, std::vector<Move>& moves) BLUE_REQUIRES(orders_.mutex);
  Started load(const Wish& wish, Tier from, Tier to, std::vector<Move>& moves)
      BLUE_REQUIRES(orders_.mutex);
  [[nodiscard]] bool make_room(const Wish& wish, TierLedger& ledger) BLUE_REQUIRES(orders_.mutex);
  [[nodiscard]] EvictionCandidate candidate(const TierLedger::Held& held, Tier tier,
                                            std::uint64_t from) const BLUE_REQUIRES(orders_.mutex);
  void gather(const Wish& wish, const TierLedger& ledger) BLUE_REQUIRES(orders_.mutex);
  [[nodiscard]] bool may_evict(const Wish& wish, const EvictionCandidate& victim) const
      BLUE_REQUIRES(orders_.mutex);
  [[nodiscard]] bool has_ram_for(BlockId block) const;
  /// Has a demanded block arrived and not been leased yet? It leaves for nobody.
  [[nodiscard]] bool is_awaited(BlockId block) const;
  [[nodiscard]] bool has_awaited() const;
  [[nodiscard]] bool is_in_flight(BlockId block, Tier to) const;
  /// Frees what moves of a scheduler before this one left behind, whose failures died with it.
  void release_abandoned(TierLedger& ledger);
  [[nodiscard]] bool is_under_way(Tier to) const;
  /// Is the block's copy in ram being copied on?
  [[nodiscard]] bool is_source(BlockId block) const;
  [[nodiscard]] Bytes bytes_under_way() const;
  bool evict_one(TierLedger& ledger, BlockId block);
  TierLedger& ledger(Tier tier) { return tier == Tier::vram ? vram_ : ram_; }
  void end(BlockId block, Tier to);

  const BlockCatalog& catalog_;
  Residency& residency_;
  TierLedger& vram_;
  TierLedger& ram_;
  StepOrders& orders_;
  const TierSchedulerOptions options_;
  TierSchedulerCounts counts_;
  ThrashDetector thrash_;

  std::deque<BlockId> demands_;            ///< not yet started, in order of arrival
  std::deque<BlockId> guesses_;            ///< likewise
  std::vector<std::uint8_t> is_demanded_;  ///< by block: waits, or is on its way through ram
  /// By block: n_uses as its arrival on demand left it (a waiter may lease it before moved() is
  /// called); 0: nobody waits.
  std::vector<std::uint32_t> awaited_;
  std::vector<std::uint32_t> uses_published_;  ///< by block: n_uses right after its last load
  std::vector<Move> in_flight_;
  std::vector<EvictionCandidate> candidates_;
  std::vector<Refusal> refusals_;
  bool has_pressure_[kTiers] = {};
};

}  // namespace blue::memory
