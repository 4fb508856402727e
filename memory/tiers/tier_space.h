// TierSpace: the memory of tiers 0 and 1 on one device, and which block lies where in it: arenas,
// ledgers, and the addresses of a move's two ends. With a CPU device there is no tier 1: blocks go
// from the file straight into the tier-0 arena, so that no byte of a model is held twice.
// Depends on hal/device.h, memory/tiers. Threads: a ledger is its scheduler's alone; the rest any.
// Lifetime: the device outlives it; it outlives every lease.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/result.h"
#include "hal/device.h"
#include "memory/tiers/move_order.h"
#include "memory/tiers/pinned_pool.h"
#include "memory/tiers/tier_ledger.h"
#include "memory/tiers/tier_scheduler.h"

namespace blue::memory {

struct TierBudgets {
  Bytes vram;  ///< the arena on the device
  Bytes ram;   ///< page-locked host memory; not used with a CPU device
};

class TierSpace {
 public:
  /// Errors: hal out_of_memory when a budget cannot be had; the device's own.
  static Result<std::unique_ptr<TierSpace>> open(hal::Device& device, TierBudgets budgets,
                                                 std::uint32_t n_blocks);

  [[nodiscard]] TierLedger& ledger(Tier tier) { return tier == Tier::vram ? vram_ : ram_; }
  [[nodiscard]] const TierLedger& ledger(Tier tier) const {
    return tier == Tier::vram ? vram_ : ram_;
  }
  [[nodiscard]] bool has_ram() const { return pool_ != nullptr; }
  [[nodiscard]] bool is_ram_page_locked() const { return pool_ && pool_->is_page_locked(); }
  /// Why tier 1 is not page-locked; empty when it is, or there is none.
  [[nodiscard]] std::string lock_refusal() const { return pool_ ? pool_->lock_refusal() : ""; }

  /// The mover's order for what the scheduler decided.
  [[nodiscard]] MoveOrder order_of(const TierScheduler::Move& move) const;

  /// Host or device address of a tier's first byte; a bug for a tier without memory.
  [[nodiscard]] std::byte* base(Tier tier) const;

 private:
  explicit TierSpace(std::uint32_t n_blocks);

  std::unique_ptr<hal::Arena> arena_;
  std::unique_ptr<PinnedPool> pool_;
  TierLedger vram_;
  TierLedger ram_;
};

}  // namespace blue::memory
