// TierMemory: the tiers' memory and tables that outlive the actors working on them: space, catalog,
// residency, step orders, and the queue in which stages wait for blocks.
// Depends on hal, memory/tiers. Threads: a ledger is the tiering actor's alone; everything else any
// thread.
// Lifetime: the device outlives it; it outlives every lease and actor.
#pragma once

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
#include "memory/tiers/residency.h"
#include "memory/tiers/step_orders.h"
#include "memory/tiers/tier_space.h"

namespace blue::actors {

struct TierMemoryOptions {
  Bytes vram;  ///< arena on the device
  Bytes ram;   ///< page-locked host memory; not used with a CPU device
  std::uint32_t max_blocks = 65536;
  memory::TierSchedulerOptions scheduling;
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
  [[nodiscard]] memory::StepOrders& orders() { return orders_; }
  [[nodiscard]] memory::TierSpace& space() { return *space_; }
  [[nodiscard]] memory::TierLedger& ledger(memory::Tier tier) { return space_->ledger(tier); }
  [[nodiscard]] Bytes budget(memory::Tier tier) const {
    return tier == memory::Tier::nvme ? Bytes{} : space_->ledger(tier).size();
  }
  [[nodiscard]] bool has_ram() const { return space_->has_ram(); }
  [[nodiscard]] bool is_ram_page_locked() const { return space_->is_ram_page_locked(); }
  [[nodiscard]] const memory::TierSchedulerOptions& scheduling() const {
    return options_.scheduling;
  }
  [[nodiscard]] Result<std::unique_ptr<hal::FileReader>> open_reader() const {
    return options_.open_reader();
  }

  /// How a stage wakes a tiering actor that sleeps. Set once, before any actor runs.
  void set_wake_tiering(std::function<void()> wake) { wake_tiering_ = std::move(wake); }
  /// A stage has asked for a block, or reached another place of its step.
  void note_progress() {
    n_progress.fetch_add(1, std::memory_order_relaxed);
    // Pairs with the tiering actor: it announces that it sleeps, then looks once more; so either it
    // finds what is new or this thread finds it asleep.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (is_tiering_asleep.load(std::memory_order_seq_cst) && wake_tiering_) wake_tiering_();
  }
  std::atomic<std::uint64_t> n_progress{0};
  /// Bytes that the tiering actor has ordered from files, and from ram to vram.
  std::atomic<std::uint64_t> n_bytes_read{0};
  std::atomic<std::uint64_t> n_bytes_copied{0};
  /// True while the tiering actor does not poll the miss rings.
  std::atomic<bool> is_tiering_asleep{true};
  /// Incarnation of the DMA engine that runs; moves ordered from an earlier one are lost.
  std::atomic<std::uint64_t> engine_incarnation{0};

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
  memory::StepOrders orders_;
  std::unique_ptr<memory::TierSpace> space_;
  std::function<void()> wake_tiering_;

  Mutex mutex_;
  ConditionVariable changed_;
  std::map<memory::BlockId, Error> failures_ BLUE_GUARDED_BY(mutex_);
  bool is_closed_ BLUE_GUARDED_BY(mutex_) = false;
};

}  // namespace blue::actors
