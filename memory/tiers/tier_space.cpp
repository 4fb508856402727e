#include "memory/tiers/tier_space.h"

#include <utility>

#include "base/check.h"

namespace blue::memory {

TierSpace::TierSpace(std::uint32_t n_blocks)
    : vram_(Tier::vram, nullptr, {}, n_blocks), ram_(Tier::ram, nullptr, {}, n_blocks) {}

Result<std::unique_ptr<TierSpace>> TierSpace::open(hal::Device& device, TierBudgets budgets,
                                                   std::uint32_t n_blocks) {
  auto space = std::unique_ptr<TierSpace>(new TierSpace(n_blocks));
  BLUE_TRY_ASSIGN(space->arena_, device.allocate(budgets.vram));
  space->vram_ = TierLedger(Tier::vram, space->arena_->base(), budgets.vram, n_blocks);
  if (device.info().kind == hal::DeviceKind::cpu || budgets.ram.count == 0) return space;
  BLUE_TRY_ASSIGN(space->pool_, PinnedPool::open(device, budgets.ram));
  space->ram_ = TierLedger(Tier::ram, space->pool_->bytes().data(), budgets.ram, n_blocks);
  return space;
}

std::byte* TierSpace::base(Tier tier) const {
  BLUE_CHECK(tier == Tier::vram || (tier == Tier::ram && pool_ != nullptr));
  return tier == Tier::vram ? arena_->base() : pool_->bytes().data();
}

MoveOrder TierSpace::order_of(const TierScheduler::Move& move) const {
  std::byte* const into = base(move.to) + move.offset;
  MoveOrder order{.block = move.block,
                  .route = MoveRoute::file_to_device,
                  .into = into,
                  .tier = move.to,
                  .address = into,
                  .is_urgent = move.urgency == Urgency::demanded};
  if (move.to == Tier::ram) {
    order.route = MoveRoute::file_to_host;
    // Where the device reads page-locked memory in place, its address is the published one.
    if (is_ram_page_locked()) order.address = pool_->device_address(into);
  } else if (move.from == Tier::ram) {
    order.route =
        is_ram_page_locked() ? MoveRoute::locked_to_device : MoveRoute::pageable_to_device;
    order.from = base(Tier::ram) + move.from_offset;
  }
  return order;
}

}  // namespace blue::memory
