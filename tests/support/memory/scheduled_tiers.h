// A TierScheduler over ledgers without bytes, for tests: moves end when the test says so.
// Depends on memory/tiers. Threads: the test's.
#pragma once

#include <string>
#include <vector>

#include "memory/tiers/tier_scheduler.h"

namespace blue::memory::test {

struct ScheduledTiers {
  ScheduledTiers(const std::vector<std::uint64_t>& sizes, Bytes vram_size, Bytes ram_size,
                 TierSchedulerOptions options = {})
      : catalog(static_cast<std::uint32_t>(sizes.size())),
        residency(catalog.capacity()),
        orders(catalog.capacity()),
        vram(Tier::vram, address(Tier::vram), vram_size, catalog.capacity()),
        ram(Tier::ram, address(Tier::ram), ram_size, catalog.capacity()),
        scheduler(catalog, residency, vram, ram, orders, options) {
    std::vector<Block> plans;
    std::uint64_t at = 0;
    for (const std::uint64_t size : sizes) {
      Block block;
      block.name = "b" + std::to_string(plans.size());
      block.size = Bytes{size};
      block.extents = {{0, at, 0, size}};
      at += size;
      plans.push_back(block);
    }
    blocks = catalog.add_model("m", {"file"}, std::move(plans)).value().blocks;
  }

  /// Takes what the scheduler starts now.
  void start() { scheduler.next(under_way); }
  void finish(std::size_t i) {
    const TierScheduler::Move move = under_way[i];
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
    residency.publish(move.block, move.to, address(move.to) + move.offset);
    scheduler.moved(move.block, move.to);
  }
  void fail(std::size_t i) {
    abandon(i);
    report_failure(unreported.size() - 1);
  }
  /// The mover gives the move up; its report is on its way.
  void abandon(std::size_t i) {
    const TierScheduler::Move move = under_way[i];
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
    residency.abandon(move.block, move.to);
    unreported.push_back(move);
  }
  void report_failure(std::size_t i) {
    const TierScheduler::Move move = unreported[i];
    unreported.erase(unreported.begin() + static_cast<std::ptrdiff_t>(i));
    scheduler.failed(move.block, move.to);
  }
  void finish_all() {
    for (start(); !under_way.empty(); start()) finish(0);
  }
  /// Addresses that are never read.
  static std::byte* address(Tier tier) {
    return reinterpret_cast<std::byte*>((static_cast<std::uintptr_t>(tier) + 1) << 40);
  }

  BlockCatalog catalog;
  Residency residency;
  StepOrders orders;
  TierLedger vram;
  TierLedger ram;
  TierScheduler scheduler;
  std::vector<BlockId> blocks;
  std::vector<TierScheduler::Move> under_way;
  std::vector<TierScheduler::Move> unreported;  ///< abandoned, not yet told to the scheduler
};

}  // namespace blue::memory::test
