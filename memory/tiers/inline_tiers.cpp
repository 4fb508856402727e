#include "memory/tiers/inline_tiers.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace blue::memory {

InlineTiers::InlineTiers(BlockCatalog& catalog, Residency& residency,
                         std::unique_ptr<TierSpace> space, TierSchedulerOptions options)
    : residency_(residency),
      catalog_(catalog),
      space_(std::move(space)),
      orders_(catalog.capacity()),
      scheduler_(catalog, residency, space_->ledger(Tier::vram), space_->ledger(Tier::ram), orders_,
                 options),
      is_requested_(catalog.capacity(), 0) {
  moves_.reserve(options.max_in_flight);
  ended_.reserve(options.max_in_flight);
}

Result<std::unique_ptr<InlineTiers>> InlineTiers::open(hal::Device& device, hal::FileReader& reader,
                                                       BlockCatalog& catalog, Residency& residency,
                                                       TierBudgets budgets,
                                                       TierSchedulerOptions options) {
  BLUE_CHECK(residency.n_blocks() >= catalog.capacity());
  BLUE_TRY_ASSIGN(auto space, TierSpace::open(device, budgets, catalog.capacity()));
  auto tiers =
      std::unique_ptr<InlineTiers>(new InlineTiers(catalog, residency, std::move(space), options));
  Mover::Options moving;
  moving.max_in_flight = options.max_in_flight;
  BLUE_TRY_ASSIGN(tiers->mover_, Mover::open(device, reader, catalog, residency, moving));
  return tiers;
}

InlineTiers::~InlineTiers() {
  mover_.reset();  // abandons what is under way
  // The residency may outlive these arenas: leave no address behind. A lease that is still held is
  // a bug of its holder; its entry stays, since unpinning an absent block would be a second one.
  for (const Tier tier : {Tier::vram, Tier::ram}) {
    for (const TierLedger::Held& held : space_->ledger(tier).held()) {
      if (residency_.begin_evict(held.block, tier)) residency_.finish_evict(held.block, tier);
    }
  }
}

void InlineTiers::advance(Mover::Poll poll) {
  moves_.clear();
  scheduler_.next(moves_);
  for (const TierScheduler::Move& move : moves_)
    BLUE_CHECK(mover_->submit(space_->order_of(move)), "the mover takes as many as the scheduler");
  if (mover_->n_in_flight() == 0) return;
  ended_.clear();
  mover_->poll(ended_, poll);
  for (MoveEnd& end : ended_) {
    if (end.outcome) {
      scheduler_.moved(end.block, end.tier);
      continue;
    }
    scheduler_.failed(end.block, end.tier);
    failures_.push_back({end.block, std::move(end.outcome).error()});
  }
}

Result<Lease> InlineTiers::lease(BlockId block, const StopToken& stop) {
  if (std::optional<Lease> held = try_lease(block)) return std::move(*held);
  if (stop.is_stopped()) {
    return Error(MemoryError::stopped,
                 "stopped before block " + catalog_.at(block).name + " was loaded");
  }
  if (std::exchange(is_requested_[block.value], std::uint8_t{0}) == 0) counts_.n_misses += 1;
  const Nanoseconds began_ns = monotonic_now_ns();
  auto lease = miss(block, stop);
  counts_.stall_ns += monotonic_now_ns() - began_ns;
  return lease;
}

std::optional<Lease> InlineTiers::try_lease(BlockId block) {
  auto lease = residency_.try_lease(block, Tier::vram);
  if (lease && std::exchange(is_requested_[block.value], std::uint8_t{0}) == 0) counts_.n_hits += 1;
  return lease;
}

Result<Lease> InlineTiers::miss(BlockId block, const StopToken& stop) {
  std::erase_if(failures_, [&](const auto& failure) { return failure.block == block; });
  for (;;) {
    scheduler_.demand(block);
    advance(Mover::Poll::now);
    if (auto held = residency_.try_lease(block, Tier::vram)) return std::move(*held);
    for (TierScheduler::Refusal& refusal : scheduler_.take_refusals())
      failures_.push_back(std::move(refusal));
    const auto failed = std::ranges::find(failures_, block, &TierScheduler::Refusal::block);
    if (failed != failures_.end()) {
      Error error = std::move(failed->error);
      failures_.erase(failed);
      if (!error.is(MemoryError::tier_full) || !space_->is_ram_page_locked()) return error;
      // Tier 0 has no room beside what is pinned: the device reads tier 1 in place.
      auto in_place = residency_.try_lease(block, Tier::ram);
      if (!in_place) return error;
      counts_.n_in_place += 1;
      return std::move(*in_place);
    }
    if (stop.is_stopped()) {
      return Error(MemoryError::stopped,
                   "stopped while block " + catalog_.at(block).name + " was on its way");
    }
    if (mover_->n_in_flight() > 0) advance(Mover::Poll::wait);
  }
}

void InlineTiers::request(std::span<const BlockId> blocks) {
  for (const BlockId block : blocks) {
    scheduler_.demand(block);
    if (residency_.state(block, Tier::vram) == BlockState::resident) continue;
    if (std::exchange(is_requested_[block.value], std::uint8_t{1}) == 0) counts_.n_misses += 1;
  }
  advance(Mover::Poll::now);
}

void InlineTiers::set_place(std::uint32_t place) {
  if (!order_) return;
  orders_.set_place(*order_, place);
  advance(Mover::Poll::now);
}

void InlineTiers::follow(std::vector<BlockId> order, std::span<const BlockId> blocks) {
  if (order_) orders_.remove(*order_);
  const auto added = orders_.add(std::move(order), blocks);
  if (!added) return;  // 256 models: without their orders they load on demand
  order_ = *added;
  orders_.set_activity(*order_, Activity::active);
  for (const BlockId block : blocks) scheduler_.guess(block);
  advance(Mover::Poll::now);
}

bool InlineTiers::forget(const std::vector<BlockId>& blocks) {
  if (order_) orders_.remove(*std::exchange(order_, std::nullopt));
  TierScheduler::Kept kept = scheduler_.evict(blocks);
  while (kept.n_loading > 0 && mover_->n_in_flight() > 0) {
    advance(Mover::Poll::wait);
    kept = scheduler_.evict(blocks);
  }
  return kept.n_pinned == 0;
}

TierCounts InlineTiers::counts() const {
  TierCounts counts = counts_;
  const TierSchedulerCounts& decided = scheduler_.counts();
  counts.n_evictions = decided.n_evictions;
  counts.n_planned = decided.n_planned;
  counts.bytes_read = decided.bytes_read;
  counts.bytes_copied = decided.bytes_copied;
  counts.reload_rate = scheduler_.reload_rate();
  return counts;
}

}  // namespace blue::memory
