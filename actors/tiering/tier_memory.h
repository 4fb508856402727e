// TierMemory: the tiers' memory and tables that outlive the actors working on them: arenas,
// ledgers, catalog, residency, and the queue in which stages wait for blocks.
// Depends on hal, memory/tiers. Threads: a ledger is its tiering actor's alone; everything else any
// thread.
// Lifetime: the device outlives it; it outlives every lease and actor.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/log_sink.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/stop_token.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/mover.h"
#include "memory/tiers/pinned_pool.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/tier_ledger.h"

namespace blue::actors {

struct TierMemoryOptions {
  Bytes vram;  ///< arena on the device
  Bytes ram;   ///< page-locked host memory; not used with a CPU device
  std::uint32_t max_blocks = 65536;
  /// A reader for the calling thread: the DMA engine's.
  std::function<Result<std::unique_ptr<hal::FileReader>>()> open_reader;
};

class TierMemory {
 public:
  /// Errors: the device's and the pool's out_of_memory.
  static Result<std::shared_ptr<TierMemory>> open(hal::Device& device, TierMemoryOptions options,
                                                  LogSink& log);

  [[nodiscard]] hal::Device& device() { return device_; }
  [[nodiscard]] memory::BlockCatalog& catalog() { return catalog_; }
  [[nodiscard]] memory::Residency& residency() { return residency_; }
  [[nodiscard]] memory::TierLedger& ledger(memory::Tier tier) {
    return ledgers_[static_cast<std::size_t>(tier)];
  }
  [[nodiscard]] Bytes budget(memory::Tier tier) const {
    return ledgers_[static_cast<std::size_t>(tier)].size();
  }
  [[nodiscard]] bool has_ram() const { return pool_ != nullptr; }
  [[nodiscard]] bool is_ram_page_locked() const {
    return pool_ != nullptr && pool_->is_page_locked();
  }
  /// Base address of a tier with memory; a bug for nvme.
  [[nodiscard]] std::byte* base(memory::Tier tier) const;
  /// The host address behind a published address of tier 1.
  [[nodiscard]] const std::byte* ram_host(const std::byte* published) const;
  /// What is published for a block at `host` in tier 1: where the device reads it in place, where
  /// it can.
  [[nodiscard]] std::byte* ram_address(std::byte* host) const;
  [[nodiscard]] Result<std::unique_ptr<hal::FileReader>> open_reader() const {
    return options_.open_reader();
  }

  /// How a miss wakes a DMA engine that sleeps. Set once, before any actor runs.
  void set_wake_engine(std::function<void()> wake) { wake_engine_ = std::move(wake); }
  void wake_engine() {
    if (wake_engine_) wake_engine_();
  }
  /// True while the DMA engine does not poll the miss rings.
  std::atomic<bool> is_engine_asleep{true};

  /// Waits until the block can be leased in tier 0, has failed, or the work was stopped, or
  /// `patience` is over. Returns its failure if there is one.
  std::optional<Error> wait_for(memory::BlockId block, const StopToken& stop, Nanoseconds patience);
  /// Something changed that a waiter may wait for (a block arrived, a stop flag was raised).
  void wake_waiters();
  void post_failure(memory::BlockId block, Error error);
  void clear_failure(memory::BlockId block);
  void close();

 private:
  TierMemory(hal::Device& device, TierMemoryOptions options);

  hal::Device& device_;
  const TierMemoryOptions options_;
  memory::BlockCatalog catalog_;
  memory::Residency residency_;
  std::unique_ptr<hal::Arena> arena_;
  std::unique_ptr<memory::PinnedPool> pool_;
  std::array<memory::TierLedger, memory::kTiers> ledgers_;
  std::function<void()> wake_engine_;

  Mutex mutex_;
  ConditionVariable changed_;
  std::map<memory::BlockId, Error> failures_ BLUE_GUARDED_BY(mutex_);
  bool is_closed_ BLUE_GUARDED_BY(mutex_) = false;
};

}  // namespace blue::actors
