#include "memory/tiers/tier_ledger.h"

#include <algorithm>

#include "base/check.h"

namespace blue::memory {

TierLedger::TierLedger(Tier tier, std::byte* base, Bytes size, std::uint32_t n_blocks)
    : tier_(tier), base_(base), arena_(size), index_(n_blocks, kNotHeld) {
  BLUE_CHECK(base != nullptr || size.count == 0);
}

TierLedger::RoomPlan TierLedger::plan_room(Bytes size,
                                           std::span<const EvictionCandidate> candidates) const {
  RoomPlan plan;
  const std::uint64_t wanted = TierArena::occupied(size).count;
  if (arena_.largest_hole().count >= wanted) {
    plan.is_possible = true;
    return plan;
  }
  // Freed bytes need not touch, so counting them is not enough: rehearse on a copy of the arena.
  TierArena rehearsal = arena_;
  std::vector<const Held*> given_up;
  for (const EvictionCandidate& candidate : eviction_order(candidates)) {
    const Held* held = find(candidate.block);
    BLUE_CHECK(held != nullptr, "an eviction candidate does not lie in this tier");
    rehearsal.give_back(held->offset, held->size);
    given_up.push_back(held);
    if (rehearsal.largest_hole().count >= wanted) break;
  }
  const std::optional<std::uint64_t> place = rehearsal.take(size);
  if (!place) return plan;
  plan.is_possible = true;
  for (const Held* held : given_up) {
    const std::uint64_t end = held->offset + TierArena::occupied(held->size).count;
    if (held->offset < *place + wanted && *place < end) plan.victims.push_back(held->block);
  }
  return plan;
}

std::optional<std::byte*> TierLedger::reserve(BlockId block, Bytes size) {
  BLUE_CHECK(find(block) == nullptr, "a block is reserved twice in one tier");
  const std::optional<std::uint64_t> offset = arena_.take(size);
  if (!offset) return std::nullopt;
  index_[block.value] = static_cast<std::uint32_t>(held_.size());
  held_.push_back(Held{.block = block, .offset = *offset, .size = size});
  return base_ + *offset;
}

void TierLedger::release(BlockId block) {
  const Held* held = find(block);
  BLUE_CHECK(held != nullptr, "a block is released that this tier does not hold");
  arena_.give_back(held->offset, held->size);
  const std::uint32_t place = index_[block.value];
  held_[place] = held_.back();
  index_[held_[place].block.value] = place;
  index_[block.value] = kNotHeld;
  held_.pop_back();
}

const TierLedger::Held* TierLedger::find(BlockId block) const {
  BLUE_CHECK(block.value < index_.size());
  const std::uint32_t place = index_[block.value];
  return place == kNotHeld ? nullptr : &held_[place];
}

std::byte* TierLedger::address(BlockId block) const {
  const Held* held = find(block);
  BLUE_CHECK(held != nullptr);
  return base_ + held->offset;
}

}  // namespace blue::memory
