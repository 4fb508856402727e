// InlineTiers: a LeaseSource without threads: the tier scheduler and the mover, driven by the
// caller's own thread inside its calls. Reads that were started go on while the caller computes.
// For `blue logits`, `blue bench`, tools and tests.
// Depends on hal/{device,file_reader}.h and memory/tiers. Threads: one at a time; leases may be
// dropped on any.
// Lifetime: device, reader, catalog and residency outlive it, and it outlives its leases.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/lease_source.h"
#include "memory/tiers/mover.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/step_orders.h"
#include "memory/tiers/tier_scheduler.h"
#include "memory/tiers/tier_space.h"

namespace blue::memory {

/// What happened so far.
struct TierCounts {
  std::uint64_t n_hits = 0;  ///< leases on blocks that were there, unless they had to be requested
  std::uint64_t n_misses = 0;
  std::uint64_t n_evictions = 0;  ///< out of tier 0
  std::uint64_t n_planned = 0;    ///< moves into tier 0 that began before a step asked
  std::uint64_t n_in_place = 0;   ///< leases on tier 1, because tier 0 had no room
  Bytes bytes_read;               ///< from files
  Bytes bytes_copied;             ///< from tier 1 to tier 0
  Nanoseconds stall_ns = 0;       ///< time in which a lease was waited for
  double reload_rate = 0.0;       ///< of the last loads into tier 0, those of blocks just evicted
};

class InlineTiers final : public LeaseSource {
 public:
  /// Errors: hal out_of_memory when a budget cannot be had; the device's own.
  [[nodiscard]] static Result<std::unique_ptr<InlineTiers>> open(
      hal::Device& device, hal::FileReader& reader, BlockCatalog& catalog, Residency& residency,
      TierBudgets budgets, TierSchedulerOptions options = {});
  ~InlineTiers() override;

  [[nodiscard]] Result<Lease> lease(BlockId block, const StopToken& stop) override;
  [[nodiscard]] std::optional<Lease> try_lease(BlockId block) override;
  void request(std::span<const BlockId> blocks) override;
  void begin_step() override { residency_.begin_step(); }
  void set_place(std::uint32_t place) override;

  /// The model that runs: the blocks of one step in the order of their uses, and all it has. Its
  /// absent blocks begin to load.
  void follow(std::vector<BlockId> order, std::span<const BlockId> blocks);

  /// Evicts the blocks, as must happen before their model leaves the catalog. False when one of
  /// them is leased.
  [[nodiscard]] bool forget(const std::vector<BlockId>& blocks);

  [[nodiscard]] TierCounts counts() const;

 private:
  InlineTiers(BlockCatalog& catalog, Residency& residency, std::unique_ptr<TierSpace> space,
              TierSchedulerOptions options);

  Result<Lease> miss(BlockId block, const StopToken& stop);
  /// Starts what the scheduler decides and takes in what has ended.
  void advance(Mover::Poll poll);

  Residency& residency_;
  const BlockCatalog& catalog_;
  std::unique_ptr<TierSpace> space_;
  StepOrders orders_;
  TierScheduler scheduler_;
  std::unique_ptr<Mover> mover_;
  std::optional<OrderId> order_;
  std::vector<TierScheduler::Move> moves_;
  std::vector<MoveEnd> ended_;
  /// Of blocks whose moves failed or were refused since they were last asked for.
  std::vector<TierScheduler::Refusal> failures_;
  std::vector<std::uint8_t> is_requested_;  ///< by block: absent when it was requested
  TierCounts counts_;
};

}  // namespace blue::memory
