// InlineTiers: a LeaseSource without threads. What a miss needs (evict, read, copy) happens on the
// caller's own thread, out of the same pieces that the tier actors use. For `blue logits`, tools
// and tests. With a CPU device there is no tier 1: blocks go from the file straight into the tier-0
// arena, so that no byte of a model is held twice.
// Depends on hal/{device,file_reader}.h and memory/tiers. Threads: one at a time; leases may be
// dropped on any.
// Lifetime: device, reader, catalog and residency outlive it, and it outlives its leases.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/lease_source.h"
#include "memory/tiers/mover.h"
#include "memory/tiers/pinned_pool.h"
#include "memory/tiers/prefetch_predictor.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/thrash_detector.h"
#include "memory/tiers/tier_ledger.h"

namespace blue::memory {

struct TierBudgets {
  Bytes vram;  ///< the arena on the device
  Bytes ram;   ///< page-locked host memory; not used with a CPU device
};

/// What happened so far.
struct TierCounts {
  std::uint64_t n_hits = 0;  ///< leases on blocks that were there
  std::uint64_t n_misses = 0;
  std::uint64_t n_evictions = 0;  ///< out of tier 0
  std::uint64_t n_in_place = 0;   ///< leases on tier 1, because tier 0 had no room
  Bytes bytes_read;               ///< from files
  Bytes bytes_copied;             ///< from tier 1 to tier 0
};

class InlineTiers final : public LeaseSource {
 public:
  /// Errors: hal out_of_memory when a budget cannot be had; the device's own.
  [[nodiscard]] static Result<std::unique_ptr<InlineTiers>> open(hal::Device& device,
                                                                 hal::FileReader& reader,
                                                                 BlockCatalog& catalog,
                                                                 Residency& residency,
                                                                 TierBudgets budgets);
  ~InlineTiers() override;

  [[nodiscard]] Result<Lease> lease(BlockId block, const StopToken& stop) override;
  /// Ignored: there is no second thread that could load meanwhile.
  void hint(BlockId block) override;

  /// The blocks of one step in the order of their uses. With it evictions follow the program
  /// instead of recency, which for a program longer than the tier is the difference between some
  /// hits and none.
  void follow(std::vector<BlockId> order);

  /// Evicts the blocks, as must happen before their model leaves the catalog. False when one of
  /// them is leased.
  [[nodiscard]] bool forget(const std::vector<BlockId>& blocks);

  [[nodiscard]] const TierCounts& counts() const { return counts_; }
  [[nodiscard]] const ThrashDetector& thrash() const { return thrash_; }
  [[nodiscard]] const PrefetchPredictor& predictor() const { return predictor_; }

 private:
  InlineTiers(BlockCatalog& catalog, Residency& residency);

  Result<Lease> miss(const Block& block);
  Result<Lease> lease_from_ram(const Block& block);
  Status load(TierLedger& ledger, const Block& block, MoveRoute route, const std::byte* from);
  [[nodiscard]] bool has_ram() const { return ram_.size().count > 0; }
  Lease take(BlockId block, Tier tier);

  BlockCatalog& catalog_;
  Residency& residency_;
  std::unique_ptr<hal::Arena> arena_;
  std::unique_ptr<PinnedPool> pool_;
  std::unique_ptr<Mover> mover_;
  TierLedger vram_;
  TierLedger ram_;
  PrefetchPredictor predictor_;
  ThrashDetector thrash_;
  TierCounts counts_;
};

}  // namespace blue::memory
