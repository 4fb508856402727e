#include "actors/tiering/tier_scheduler.h"

#include <filesystem>
#include <utility>

#include "memory/tiers/tier_room.h"

namespace blue::actors {

using memory::BlockId;
using memory::BlockState;
using memory::Tier;

TierScheduler::Orders TierScheduler::fetch(std::span<const BlockId> blocks, Want how) {
  Orders orders;
  for (const BlockId block : blocks) {
    if (tiers_.catalog().find(block) != nullptr) want(block, how, orders);
  }
  return orders;
}

void TierScheduler::want(BlockId block, Want how, Orders& orders) {
  if (tier_ == Tier::nvme) return answer_from_files(block, orders);
  const BlockState state = tiers_.residency().state(block, tier_);
  if (state == BlockState::resident) {
    orders.ready.push_back(block);
    return;
  }
  if (state != BlockState::absent) return;
  const bool goes_past_ram = tier_ == Tier::vram && !tiers_.has_ram();
  const bool is_in_ram = tier_ == Tier::vram && tiers_.has_ram() &&
                         tiers_.residency().state(block, Tier::ram) == BlockState::resident;
  if (goes_past_ram || is_in_ram) return load(block, how, orders);
  const auto [asked, is_new] = asked_below_.try_emplace(block, how);
  if (!is_new && how == Want::demanded) asked->second = how;
  orders.fetches.push_back({block, how});
}

void TierScheduler::answer_from_files(BlockId block, Orders& orders) {
  for (const memory::BlockExtent& extent : tiers_.catalog().at(block).extents) {
    auto known = file_sizes_.find(extent.file);
    if (known == file_sizes_.end()) {
      std::error_code refused;
      const auto size = std::filesystem::file_size(tiers_.catalog().path(extent.file), refused);
      known = file_sizes_.emplace(extent.file, refused ? 0 : size).first;
    }
    if (extent.file_offset + extent.size > known->second) {
      file_sizes_.erase(known);  // read anew next time: the user may have replaced the file
      return tiers_.post_failure(block,
                                 Error(memory::MemoryError::read_failed,
                                       tiers_.catalog().path(extent.file) +
                                           ": the file has become shorter than its header says"));
    }
  }
  orders.ready.push_back(block);
}

void TierScheduler::load(BlockId block, Want how, Orders& orders) {
  memory::TierLedger& ledger = tiers_.ledger(tier_);
  const Bytes size = tiers_.catalog().at(block).size;
  if (tiers_.residency().state(block, tier_) != BlockState::absent) return;
  release_abandoned();
  const Bytes occupied = memory::TierArena::occupied(size);
  // A guess uses free room only: it evicts no resident block.
  if (how == Want::guessed && ledger.free_bytes() < occupied) return;
  auto left = memory::make_room(ledger, tiers_.residency(), size, nullptr);
  if (!left) {
    if (how == Want::guessed) return;
    if (n_loading_ > 0) {
      waiting_for_room_[block] = how;
      return;
    }
    // Without room in tier ram the block bypasses it.
    if (tier_ == Tier::ram)
      orders.ready.push_back(block);
    else
      tiers_.post_failure(block, std::move(left).error());
    return;
  }
  orders.had_to_evict = orders.had_to_evict || !left->empty();
  if (!tiers_.residency().begin_load(block, tier_)) return;
  const auto place = ledger.reserve(block, size);
  BLUE_CHECK(place.has_value(), "room was just made");
  ++n_loading_;
  orders.moves.push_back({block, how, ledger.find(block)->offset});
}

void TierScheduler::release_abandoned() {
  memory::TierLedger& ledger = tiers_.ledger(tier_);
  std::vector<BlockId> abandoned;
  for (const memory::TierLedger::Held& held : ledger.held())
    if (tiers_.residency().state(held.block, tier_) == BlockState::absent)
      abandoned.push_back(held.block);
  for (const BlockId block : abandoned) ledger.release(block);
}

TierScheduler::Orders TierScheduler::below_ready(BlockId block) {
  Orders orders;
  const auto asked = asked_below_.find(block);
  if (asked == asked_below_.end()) return orders;
  const Want how = asked->second;
  asked_below_.erase(asked);
  load(block, how, orders);
  return orders;
}

TierScheduler::Orders TierScheduler::moved(BlockId block) {
  Orders orders;
  if (n_loading_ > 0) --n_loading_;
  orders.ready.push_back(block);
  tiers_.wake_waiters();
  retry(orders);
  return orders;
}

TierScheduler::Orders TierScheduler::move_failed(BlockId block, Error error) {
  Orders orders;
  if (n_loading_ > 0) --n_loading_;
  if (tiers_.ledger(tier_).find(block) != nullptr &&
      tiers_.residency().state(block, tier_) == BlockState::absent) {
    tiers_.ledger(tier_).release(block);
  }
  tiers_.post_failure(block, std::move(error));
  retry(orders);
  return orders;
}

void TierScheduler::retry(Orders& orders) {
  for (const auto& [block, how] : std::exchange(waiting_for_room_, {})) load(block, how, orders);
}

TierScheduler::Kept TierScheduler::evict(std::span<const BlockId> blocks) {
  Kept kept;
  if (tier_ == Tier::nvme) return kept;
  for (const BlockId block : blocks) {
    asked_below_.erase(block);
    waiting_for_room_.erase(block);
    if (tiers_.ledger(tier_).find(block) == nullptr) continue;
    if (memory::evict_block(tiers_.ledger(tier_), tiers_.residency(), block)) continue;
    const bool is_loading = tiers_.residency().state(block, tier_) == BlockState::loading;
    ++(is_loading ? kept.n_loading : kept.n_pinned);
  }
  return kept;
}

}  // namespace blue::actors
