#include "actors/tiering/tier_memory.h"

#include <chrono>
#include <utility>

namespace blue::actors {

using memory::Tier;

TierMemory::TierMemory(hal::Device& device, TierMemoryOptions options)
    : device_(device),
      options_(std::move(options)),
      catalog_(options_.max_blocks),
      residency_(options_.max_blocks),
      orders_(options_.max_blocks) {}

Result<std::shared_ptr<TierMemory>> TierMemory::open(hal::Device& device, TierMemoryOptions options,
                                                     LogSink& log) {
  auto tiers = std::shared_ptr<TierMemory>(new TierMemory(device, std::move(options)));
  const TierMemoryOptions& given = tiers->options_;
  BLUE_TRY_ASSIGN(tiers->space_,
                  memory::TierSpace::open(device, {given.vram, given.ram}, given.max_blocks));
  if (tiers->has_ram() && !tiers->is_ram_page_locked()) {
    log.write_once(LogLevel::warning, "tier ram is not page-locked (" +
                                          tiers->space_->lock_refusal() +
                                          "): copies to the device go through staging");
  }
  return tiers;
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
