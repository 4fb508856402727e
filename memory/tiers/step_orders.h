// StepOrders: when each block is used next, as far as that is known. An owner (one engine of one
// model) announces the blocks of its steps in the order of their uses; the order repeats every
// step, and the owner reports its place in it. Blocks that no order names (experts, whose router
// has not chosen yet) have no known next use.
// Depends on memory/tiers/block.h. Threads: places and activities from any thread, without a lock;
// the rest under `mutex`, which a decision holds from its first question to its last.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "base/id.h"
#include "base/mutex.h"
#include "base/result.h"
#include "memory/memory_error.h"
#include "memory/tiers/block.h"

namespace blue::memory {

using OrderId = Id<struct OrderTag>;

/// What an owner does now. The next one's blocks are worth loading, the idle one's the first to go.
enum class Activity : std::uint8_t { idle, next, active };

/// The next use of a block that no active order names.
inline constexpr std::uint64_t kNoKnownUse = std::numeric_limits<std::uint64_t>::max();

class StepOrders {
 public:
  static constexpr std::uint32_t kMostOrders = 256;

  explicit StepOrders(std::uint32_t n_blocks)
      : orders_(std::make_unique<Order[]>(kMostOrders)), homes_(n_blocks) {}

  Mutex mutex;

  /// `order`: blocks of one step by use, a block perhaps twice; `blocks`: all blocks of the owner.
  /// Errors: tier_full when there are kMostOrders.
  Result<OrderId> add(std::vector<BlockId> order, std::span<const BlockId> blocks)
      BLUE_EXCLUDES(mutex);
  void remove(OrderId order) BLUE_EXCLUDES(mutex);

  void set_activity(OrderId order, Activity activity);
  [[nodiscard]] Activity activity(OrderId order) const;
  /// The owner needs the order's block at `place` now, or has it.
  void set_place(OrderId order, std::uint32_t place);

  /// The most active owner of the block; idle where there is none.
  [[nodiscard]] Activity activity_of(BlockId block) const BLUE_REQUIRES(mutex);
  /// Uses until the block's next one: 0 when it is needed now; kNoKnownUse when no active or next
  /// order names it. Uses of a `next` order count from behind kNextOffset.
  [[nodiscard]] std::uint64_t uses_until(BlockId block) const BLUE_REQUIRES(mutex) {
    return uses_until(block, 0);
  }
  /// The same, not counting uses less than `from` away.
  [[nodiscard]] std::uint64_t uses_until(BlockId block, std::uint64_t from) const
      BLUE_REQUIRES(mutex);

  /// Order ids run from 0 to n_orders() - 1, some of them free.
  [[nodiscard]] std::uint32_t n_orders() const BLUE_REQUIRES(mutex) { return n_orders_; }
  /// Is it an order of that activity?
  [[nodiscard]] bool is(OrderId order, Activity activity) const BLUE_REQUIRES(mutex) {
    const Order& asked = orders_[order.value];
    return asked.is_taken && asked.activity.load() == activity;
  }
  [[nodiscard]] std::span<const BlockId> blocks(OrderId order) const BLUE_REQUIRES(mutex) {
    return orders_[order.value].blocks;
  }
  [[nodiscard]] std::uint32_t place(OrderId order) const BLUE_REQUIRES(mutex) {
    return orders_[order.value].place.load(std::memory_order_relaxed);
  }

  static constexpr std::uint64_t kNextOffset = std::uint64_t{1} << 32;

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  /// First and last place of a block in an order; kNone for a block that the order does not name.
  struct Home {
    std::uint32_t order = kNone;
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };
  struct Order {
    std::vector<BlockId> blocks;
    std::vector<BlockId> all;
    std::atomic<std::uint32_t> place{0};
    std::atomic<Activity> activity{Activity::idle};
    bool is_taken = false;
  };

  std::unique_ptr<Order[]> orders_;  ///< they never move: places and activities are read unlocked
  std::uint32_t n_orders_ BLUE_GUARDED_BY(mutex) = 0;  ///< ever taken
  std::vector<Home> homes_ BLUE_GUARDED_BY(mutex);     ///< by block
};

}  // namespace blue::memory
