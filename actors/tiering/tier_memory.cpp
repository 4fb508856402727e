#include "actors/tiering/tier_memory.h"

#include <chrono>
#include <utility>

namespace blue::actors {

using memory::Tier;
using memory::TierLedger;

TierMemory::TierMemory(hal::Device& device, TierMemoryOptions options)
    : device_(device),
      options_(std::move(options)),
      catalog_(options_.max_blocks),
      residency_(options_.max_blocks),
      ledgers_{TierLedger(Tier::vram, nullptr, {}, options_.max_blocks),
               TierLedger(Tier::ram, nullptr, {}, options_.max_blocks),
               TierLedger(Tier::nvme, nullptr, {}, options_.max_blocks)} {}

Result<std::shared_ptr<TierMemory>> TierMemory::open(hal::Device& device, TierMemoryOptions options,
                                                     LogSink& log) {
  auto tiers = std::shared_ptr<TierMemory>(new TierMemory(device, std::move(options)));
  const TierMemoryOptions& given = tiers->options_;
  BLUE_TRY_ASSIGN(tiers->arena_, device.allocate(given.vram));
  tiers->ledger(Tier::vram) =
      TierLedger(Tier::vram, tiers->arena_->base(), given.vram, given.max_blocks);
  if (device.info().kind == hal::DeviceKind::cpu || given.ram.count == 0) return tiers;
  BLUE_TRY_ASSIGN(tiers->pool_, memory::PinnedPool::open(device, given.ram));
  tiers->ledger(Tier::ram) =
      TierLedger(Tier::ram, tiers->pool_->bytes().data(), given.ram, given.max_blocks);
  if (!tiers->pool_->is_page_locked()) {
    log.write_once(LogLevel::warning, "tier ram is not page-locked (" +
                                          tiers->pool_->lock_refusal() +
                                          "): copies to the device go through staging");
  }
  return tiers;
}

std::byte* TierMemory::ram_address(std::byte* host) const {
  return is_ram_page_locked() ? pool_->device_address(host) : host;
}

const std::byte* TierMemory::ram_host(const std::byte* published) const {
  std::byte* const first = pool_->bytes().data();
  return is_ram_page_locked() ? first + (published - pool_->device_address(first)) : published;
}

std::byte* TierMemory::base(Tier tier) const {
  BLUE_CHECK(tier == Tier::vram || (tier == Tier::ram && pool_ != nullptr));
  return tier == Tier::vram ? arena_->base() : pool_->bytes().data();
}

std::optional<Error> TierMemory::wait_for(memory::BlockId block, const StopToken& stop,
                                          Nanoseconds patience) {
  const MutexLock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience);
  bool has_time = true;
  while (has_time && !is_closed_ && !stop.is_stopped() && !failures_.contains(block) &&
         residency_.state(block, Tier::vram) != memory::BlockState::resident)
    has_time = changed_.wait_until(mutex_, deadline);
  const auto failed = failures_.find(block);
  if (failed == failures_.end()) return std::nullopt;
  return failed->second;
}

void TierMemory::wake_waiters() {
  // Under the lock, so that a waiter between its check and its sleep is not missed.
  const MutexLock lock(mutex_);
  changed_.notify_all();
}

void TierMemory::post_failure(memory::BlockId block, Error error) {
  const MutexLock lock(mutex_);
  failures_.insert_or_assign(block, std::move(error));
  changed_.notify_all();
}

void TierMemory::clear_failure(memory::BlockId block) {
  const MutexLock lock(mutex_);
  failures_.erase(block);
}

void TierMemory::close() {
  const MutexLock lock(mutex_);
  is_closed_ = true;
  changed_.notify_all();
}

}  // namespace blue::actors
