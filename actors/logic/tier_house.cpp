#include "actors/logic/tier_house.h"

#include <chrono>
#include <utility>

namespace blue::actors {

using memory::Tier;
using memory::TierLedger;

TierHouse::TierHouse(hal::Device& device, TierHouseOptions options)
    : device_(device),
      options_(std::move(options)),
      catalog_(options_.max_blocks),
      residency_(options_.max_blocks),
      ledgers_{TierLedger(Tier::vram, nullptr, {}, options_.max_blocks),
               TierLedger(Tier::ram, nullptr, {}, options_.max_blocks),
               TierLedger(Tier::nvme, nullptr, {}, options_.max_blocks)} {}

Result<std::shared_ptr<TierHouse>> TierHouse::open(hal::Device& device, TierHouseOptions options,
                                                   LogSink& log) {
  auto house = std::shared_ptr<TierHouse>(new TierHouse(device, std::move(options)));
  const TierHouseOptions& given = house->options_;
  BLUE_TRY_ASSIGN(house->arena_, device.allocate(given.vram));
  house->ledger(Tier::vram) = TierLedger(Tier::vram, house->arena_->base(), given.vram, given.max_blocks);
  if (device.info().kind == hal::DeviceKind::cpu || given.ram.count == 0) return house;
  BLUE_TRY_ASSIGN(house->pool_, memory::PinnedPool::open(device, given.ram));
  house->ledger(Tier::ram) = TierLedger(Tier::ram, house->pool_->bytes().data(), given.ram, given.max_blocks);
  if (!house->pool_->is_page_locked()) {
    log.write_once(LogLevel::warning, "tier ram is not page-locked (" + house->pool_->lock_refusal() +
                                          "): copies to the device go through staging");
  }
  return house;
}

std::byte* TierHouse::ram_address(std::byte* host) const {
  return is_ram_page_locked() ? pool_->device_address(host) : host;
}

const std::byte* TierHouse::ram_host(const std::byte* published) const {
  std::byte* const first = pool_->bytes().data();
  return is_ram_page_locked() ? first + (published - pool_->device_address(first)) : published;
}

std::byte* TierHouse::base(Tier tier) const {
  BLUE_CHECK(tier == Tier::vram || (tier == Tier::ram && pool_ != nullptr));
  return tier == Tier::vram ? arena_->base() : pool_->bytes().data();
}

std::optional<Error> TierHouse::wait_for(memory::BlockId block, const StopToken& stop, Nanoseconds patience) {
  std::unique_lock lock(mutex_);
  const auto is_over = [&] {
    return is_closed_ || stop.is_stopped() || failures_.contains(block) ||
           residency_.state(block, Tier::vram) == memory::BlockState::resident;
  };
  changed_.wait_for(lock, std::chrono::nanoseconds(patience), is_over);
  const auto failed = failures_.find(block);
  if (failed == failures_.end()) return std::nullopt;
  return failed->second;
}

void TierHouse::wake_waiters() {
  // Under the lock, so that nobody who has just looked and not yet slept is missed.
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void TierHouse::post_failure(memory::BlockId block, Error error) {
  const std::lock_guard lock(mutex_);
  failures_.insert_or_assign(block, std::move(error));
  changed_.notify_all();
}

void TierHouse::clear_failure(memory::BlockId block) {
  const std::lock_guard lock(mutex_);
  failures_.erase(block);
}

void TierHouse::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  changed_.notify_all();
}

}  // namespace blue::actors
