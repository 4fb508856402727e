// Makes room in a tier for one more block: gathers candidates, plans, evicts. Shared by InlineTiers
// and the tiering actors.
// Depends on memory/tiers. Threads: the ledger's owner; others may take and drop leases meanwhile.
#pragma once

#include <vector>

#include "base/result.h"
#include "memory/memory_error.h"
#include "memory/tiers/eviction.h"
#include "memory/tiers/prefetch_predictor.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/tier_ledger.h"

namespace blue::memory {

/// Every block of the ledger as a candidate; one that is not resident (loading) counts as pinned.
/// `predictor` gives the next uses; null when no program order is known.
[[nodiscard]] std::vector<EvictionCandidate> gather_candidates(const TierLedger& ledger,
                                                               const Residency& residency,
                                                               const PrefetchPredictor* predictor);

/// Evicts until `size` bytes fit in one piece; returns the evicted blocks. A victim that is leased
/// meanwhile stays, and the plan is made anew. Errors: tier_full when pinned blocks leave no such
/// room.
[[nodiscard]] Result<std::vector<BlockId>> make_room(TierLedger& ledger, Residency& residency,
                                                     Bytes size,
                                                     const PrefetchPredictor* predictor);

/// Evicts one block from the tier if it is resident and not pinned. Returns whether it did.
[[nodiscard]] bool evict_block(TierLedger& ledger, Residency& residency, BlockId block);

}  // namespace blue::memory
