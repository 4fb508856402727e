#include "memory/tiers/tier_scheduler.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "memory/tiers/tier_arena.h"

namespace blue::memory {
namespace {
/// Loads that the reload rate looks back over.
constexpr std::uint32_t kThrashWindow = 256;
}  // namespace

TierScheduler::TierScheduler(const BlockCatalog& catalog, Residency& residency, TierLedger& vram,
                             TierLedger& ram, StepOrders& orders, TierSchedulerOptions options)
    : catalog_(catalog),
      residency_(residency),
      vram_(vram),
      ram_(ram),
      orders_(orders),
      options_(options),
      thrash_(catalog.capacity(), kThrashWindow),
      is_demanded_(catalog.capacity(), 0),
      awaited_(catalog.capacity(), 0),
      uses_published_(catalog.capacity(), 0) {
  in_flight_.reserve(options_.max_in_flight);
}

void TierScheduler::demand(BlockId block) {
  if (catalog_.find(block) == nullptr) return;
  if (is_demanded_[block.value] != 0) {
    // Asked for again: what arrived meanwhile and was not leased is waited for by nobody.
    std::ranges::fill(awaited_, 0U);
    return;
  }
  const BlockState state = residency_.state(block, Tier::vram);
  if (state == BlockState::resident) return;
  is_demanded_[block.value] = 1;
  if (state == BlockState::absent) demands_.push_back(block);
}

void TierScheduler::guess(BlockId block) {
  if (catalog_.find(block) == nullptr || guesses_.size() == catalog_.capacity()) return;
  if (residency_.state(block, Tier::vram) == BlockState::absent) guesses_.push_back(block);
}

void TierScheduler::next(std::vector<Move>& moves) {
  const MutexLock lock(orders_.mutex);
  start_demands(moves);
  // Room that a demand waits for goes to no plan.
  if (!demands_.empty()) return;
  start_plans(Activity::active, moves);
  start_plans(Activity::next, moves);
  start_guesses(moves);
}

void TierScheduler::start_demands(std::vector<Move>& moves) {
  for (std::size_t n = demands_.size(); n > 0; --n) {
    if (in_flight_.size() >= options_.max_in_flight) return;
    const BlockId block = demands_.front();
    demands_.pop_front();
    const Started started = bring({.block = block, .urgency = Urgency::demanded}, moves);
    if (residency_.state(block, Tier::vram) != BlockState::absent) continue;
    const bool can_wait = is_under_way(Tier::vram) || has_awaited();
    if (started == Started::no_room && !can_wait) {
      refuse(block);
    } else {
      demands_.push_back(block);  // on its way through ram, or until there is room
    }
  }
}

void TierScheduler::refuse(BlockId block) {
  const Block& refused = catalog_.at(block);
  is_demanded_[block.value] = 0;
  refusals_.push_back(
      {block, Error(MemoryError::tier_full, "no room for block " + refused.name + " of " +
                                                to_text(refused.size) + " in tier vram of " +
                                                to_text(vram_.size()) +
                                                ": the rest is in use; grant a larger budget "
                                                "(--vram)")});
}

void TierScheduler::start_plans(Activity activity, std::vector<Move>& moves) {
  for (std::uint32_t i = 0; i < orders_.n_orders(); ++i)
    if (orders_.is({i}, activity)) start_plans_of({i}, activity, moves);
}

void TierScheduler::start_plans_of(OrderId order, Activity activity, std::vector<Move>& moves) {
  // So much of the tier may be given up to blocks that come before Belady would have them.
  const Bytes near = std::min(options_.plan_window, Bytes{vram_.size().count / 8});
  Bytes ahead;
  const std::span<const BlockId> blocks = orders_.blocks(order);
  const std::size_t place = orders_.place(order);
  for (std::uint64_t uses_until = 0; uses_until < blocks.size(); ++uses_until) {
    const BlockId block = blocks[(place + uses_until) % blocks.size()];
    const bool is_busy = in_flight_.size() >= 2 && bytes_under_way() >= options_.plan_window;
    if (is_busy || in_flight_.size() >= options_.max_in_flight) return;
    const Bytes size = catalog_.at(block).size;
    if (residency_.state(block, Tier::vram) == BlockState::absent) {
      const Wish wish{.block = block,
                      .urgency = Urgency::planned,
                      .uses_until = uses_until,
                      .is_near = uses_until <= 1 || ahead + size <= near,
                      .activity = activity};
      const Started started = bring(wish, moves);
      if (started == Started::no_room || started == Started::later) return;
    }
    if (uses_until > 0) ahead += size;
  }
}

void TierScheduler::start_guesses(std::vector<Move>& moves) {
  while (!guesses_.empty() && in_flight_.size() < 2) {
    const BlockId block = guesses_.front();
    guesses_.pop_front();
    if (catalog_.find(block) == nullptr) continue;
    (void)bring({.block = block, .urgency = Urgency::guessed}, moves);
  }
}

bool TierScheduler::has_ram_for(BlockId block) const {
  return ram_.size().count > 0 && TierArena::occupied(catalog_.at(block).size) <= ram_.size();
}

TierScheduler::Started TierScheduler::bring(const Wish& wish, std::vector<Move>& moves) {
  if (residency_.state(wish.block, Tier::vram) != BlockState::absent) return Started::already;
  if (has_ram_for(wish.block)) {
    const BlockState in_ram = residency_.state(wish.block, Tier::ram);
    if (in_ram == BlockState::resident) return load(wish, Tier::ram, Tier::vram, moves);
    if (in_ram == BlockState::loading) return Started::already;
    const Started started = load(wish, Tier::nvme, Tier::ram, moves);
    if (started != Started::no_room || wish.urgency == Urgency::guessed) return started;
    // Tier ram is full of what cannot leave: the block bypasses it.
  }
  return load(wish, Tier::nvme, Tier::vram, moves);
}

TierScheduler::Started TierScheduler::load(const Wish& wish, Tier from, Tier to,
                                           std::vector<Move>& moves) {
  if (in_flight_.size() >= options_.max_in_flight) return Started::later;
  TierLedger& room = ledger(to);
  // Abandoned by the mover, which has not reported it yet: its room is freed then.
  if (is_in_flight(wish.block, to)) return Started::already;
  if (room.find(wish.block) != nullptr) release_abandoned(room);
  if (!make_room(wish, room)) return Started::no_room;
  if (!residency_.begin_load(wish.block, to)) return Started::already;
  const Bytes size = catalog_.at(wish.block).size;
  const auto place = room.reserve(wish.block, size);
  BLUE_CHECK(place.has_value(), "room was just made");
  Move move{wish.block, from, to, wish.urgency, room.find(wish.block)->offset};
  if (from == Tier::ram) move.from_offset = ram_.find(wish.block)->offset;
  in_flight_.push_back(move);
  moves.push_back(move);
  (from == Tier::nvme ? counts_.bytes_read : counts_.bytes_copied) += size;
  if (to == Tier::vram) {
    uses_published_[wish.block.value] = residency_.n_uses(wish.block) + 1;
    counts_.n_demanded += wish.urgency == Urgency::demanded ? 1 : 0;
    counts_.n_planned += wish.urgency == Urgency::planned ? 1 : 0;
    counts_.n_guessed += wish.urgency == Urgency::guessed ? 1 : 0;
  }
  return Started::yes;
}

EvictionCandidate TierScheduler::candidate(const TierLedger::Held& held, Tier tier,
                                           std::uint64_t from) const {
  const bool is_resident = residency_.state(held.block, tier) == BlockState::resident;
  EvictionCandidate candidate{.block = held.block,
                              .size = held.size,
                              .next_use = orders_.uses_until(held.block, from),
                              .worth = residency_.worth(held.block, options_.policy),
                              .pins = is_resident ? residency_.pins(held.block, tier) : 1};
  // In ram, what a demand waits for stays until it is copied on, or two demands would evict each
  // other's copies for ever.
  const bool is_kept = tier == Tier::vram
                           ? is_awaited(held.block)
                           : is_demanded_[held.block.value] != 0 || is_source(held.block);
  if (is_kept) candidate.pins += 1;
  // A second copy in ram is worth nothing while vram has the block.
  if (tier == Tier::ram && residency_.state(held.block, Tier::vram) == BlockState::resident)
    candidate.next_use = kNoKnownUse, candidate.worth = -1.0;
  return candidate;
}

void TierScheduler::gather(const Wish& wish, const TierLedger& ledger) {
  candidates_.clear();
  for (const TierLedger::Held& held : ledger.held())
    candidates_.push_back(candidate(held, ledger.tier(), wish.uses_until));
}

/// Whether the victim is free to leave now for the wish.
bool TierScheduler::may_evict(const Wish& wish, const EvictionCandidate& victim) const {
  if (victim.pins > 0) return false;
  if (wish.urgency == Urgency::demanded) return true;
  if (wish.activity == Activity::next) return orders_.activity_of(victim.block) == Activity::idle;
  // Used again before the wish is: it stays till then.
  return orders_.uses_until(victim.block) > wish.uses_until;
}

bool TierScheduler::evict_one(TierLedger& ledger, BlockId block) {
  if (!residency_.begin_evict(block, ledger.tier())) return false;
  ledger.release(block);
  residency_.finish_evict(block, ledger.tier());
  if (ledger.tier() == Tier::vram) {
    ++counts_.n_evictions;
    thrash_.evicted(block);
  }
  has_pressure_[static_cast<std::size_t>(ledger.tier())] = true;
  return true;
}

bool TierScheduler::make_room(const Wish& wish, TierLedger& ledger) {
  const Bytes size = catalog_.at(wish.block).size;
  if (ledger.has_room(size)) return true;
  if (wish.urgency == Urgency::guessed) return false;
  release_abandoned(ledger);
  if (ledger.has_room(size)) return true;
  gather(wish, ledger);
  // What Belady would evict when the block is needed, pinned or not, may not be free yet.
  const bool is_choosy = wish.urgency == Urgency::planned && !wish.is_near;
  for (EvictionCandidate& c : candidates_) c.is_busy = !may_evict(wish, c);
  if (!is_choosy) std::erase_if(candidates_, [](const EvictionCandidate& c) { return c.is_busy; });
  // Most blocks are as large as the one that leaves; else the ledger rehearses.
  for (;;) {
    const auto first = std::ranges::min_element(candidates_, leaves_before);
    if (first == candidates_.end() || first->is_busy) return false;
    if (TierArena::occupied(first->size) < TierArena::occupied(size)) break;
    const BlockId victim = first->block;
    if (evict_one(ledger, victim)) return true;
    candidates_.erase(first);  // leased meanwhile
  }
  const TierLedger::RoomPlan plan = ledger.plan_room(size, candidates_);
  if (!plan.is_possible) return false;
  const auto is_busy = [&](BlockId victim) {
    return std::ranges::find(candidates_, victim, &EvictionCandidate::block)->is_busy;
  };
  if (std::ranges::any_of(plan.victims, is_busy)) return false;
  for (const BlockId victim : plan.victims)
    if (!evict_one(ledger, victim)) return false;  // leased meanwhile: the next call plans anew
  return ledger.has_room(size);
}

bool TierScheduler::has_awaited() const {
  return std::ranges::any_of(vram_.held(),
                             [this](const auto& held) { return is_awaited(held.block); });
}

bool TierScheduler::is_source(BlockId block) const {
  return std::ranges::any_of(in_flight_, [block](const Move& move) {
    return move.block == block && move.from == Tier::ram;
  });
}

bool TierScheduler::is_in_flight(BlockId block, Tier to) const {
  return std::ranges::any_of(
      in_flight_, [&](const Move& move) { return move.block == block && move.to == to; });
}

void TierScheduler::release_abandoned(TierLedger& ledger) {
  const auto is_abandoned = [&](const TierLedger::Held& held) {
    return residency_.state(held.block, ledger.tier()) == BlockState::absent &&
           !is_in_flight(held.block, ledger.tier());
  };
  for (;;) {
    const auto held = std::ranges::find_if(ledger.held(), is_abandoned);
    if (held == ledger.held().end()) return;
    ledger.release(held->block);
  }
}

bool TierScheduler::is_under_way(Tier to) const {
  return std::ranges::any_of(in_flight_, [to](const Move& move) { return move.to == to; });
}

Bytes TierScheduler::bytes_under_way() const {
  Bytes sum;
  for (const Move& move : in_flight_) sum += catalog_.at(move.block).size;
  return sum;
}

void TierScheduler::end(BlockId block, Tier to) {
  std::erase_if(in_flight_, [&](const Move& move) { return move.block == block && move.to == to; });
}

void TierScheduler::moved(BlockId block, Tier to) {
  end(block, to);
  if (to == Tier::vram) thrash_.loaded(block);
  if (to == Tier::vram && std::exchange(is_demanded_[block.value], std::uint8_t{0}) != 0)
    awaited_[block.value] = uses_published_[block.value];
}

bool TierScheduler::is_awaited(BlockId block) const {
  return awaited_[block.value] != 0 && awaited_[block.value] == residency_.n_uses(block);
}

void TierScheduler::failed(BlockId block, Tier to) {
  end(block, to);
  TierLedger& room = ledger(to);
  if (room.find(block) != nullptr && residency_.state(block, to) == BlockState::absent)
    room.release(block);
  is_demanded_[block.value] = 0;
  std::erase(demands_, block);
}

std::vector<TierScheduler::Refusal> TierScheduler::take_refusals() {
  return std::exchange(refusals_, {});
}

TierScheduler::Kept TierScheduler::evict(std::span<const BlockId> blocks) {
  Kept kept;
  for (const BlockId block : blocks) {
    std::erase(demands_, block);
    std::erase(guesses_, block);
    is_demanded_[block.value] = 0;
    awaited_[block.value] = 0;
    for (TierLedger* room : {&vram_, &ram_}) {
      if (room->find(block) == nullptr) continue;
      const bool is_read = room == &ram_ && is_source(block);
      if (!is_read && evict_one(*room, block)) continue;
      const bool is_loading = residency_.state(block, room->tier()) == BlockState::loading;
      ++(is_read || is_loading ? kept.n_loading : kept.n_pinned);
    }
  }
  return kept;
}

bool TierScheduler::take_pressure(Tier tier) {
  return std::exchange(has_pressure_[static_cast<std::size_t>(tier)], false);
}

}  // namespace blue::memory
