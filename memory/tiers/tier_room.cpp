#include "memory/tiers/tier_room.h"

#include <string>

namespace blue::memory {

std::vector<EvictionCandidate> gather_candidates(const TierLedger& ledger,
                                                 const Residency& residency,
                                                 const PrefetchPredictor* predictor) {
  std::vector<EvictionCandidate> candidates;
  candidates.reserve(ledger.held().size());
  for (const TierLedger::Held& held : ledger.held()) {
    const bool is_resident = residency.state(held.block, ledger.tier()) == BlockState::resident;
    candidates.push_back({
        .block = held.block,
        .size = held.size,
        .last_used = residency.last_used(held.block, ledger.tier()),
        .n_uses = held.n_loads,
        .next_use = predictor == nullptr ? kNoKnownUse : predictor->uses_until(held.block),
        .pins = is_resident ? residency.pins(held.block, ledger.tier()) : 1,
    });
  }
  return candidates;
}

Result<std::vector<BlockId>> make_room(TierLedger& ledger, Residency& residency, Bytes size,
                                       const PrefetchPredictor* predictor) {
  std::vector<BlockId> left;
  // Terminates: each round evicts a block, or finds the block that refused pinned and so no
  // candidate any more.
  for (;;) {
    const TierLedger::RoomPlan plan =
        ledger.plan_room(size, gather_candidates(ledger, residency, predictor));
    if (!plan.is_possible) {
      return Error(MemoryError::tier_full, "no " + to_text(size) + " in one piece in tier " +
                                               std::to_string(static_cast<int>(ledger.tier())) +
                                               " of " + to_text(ledger.size()) +
                                               ": the rest is in use; grant a larger budget");
    }
    if (plan.victims.empty()) return left;
    for (const BlockId victim : plan.victims) {
      if (!evict_block(ledger, residency, victim)) break;
      left.push_back(victim);
    }
  }
}

bool evict_block(TierLedger& ledger, Residency& residency, BlockId block) {
  if (!residency.begin_evict(block, ledger.tier())) return false;
  ledger.release(block);
  residency.finish_evict(block, ledger.tier());
  return true;
}

}  // namespace blue::memory
