#include "memory/tiers/step_orders.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"

namespace blue::memory {

Result<OrderId> StepOrders::add(std::vector<BlockId> order, std::span<const BlockId> blocks) {
  const MutexLock lock(mutex);
  std::uint32_t id = 0;
  while (id < n_orders_ && orders_[id].is_taken) ++id;
  if (id == kMostOrders) {
    return Error(MemoryError::tier_full,
                 std::to_string(kMostOrders) + " models are open already; unload one of them");
  }
  n_orders_ = std::max(n_orders_, id + 1);
  Order& added = orders_[id];
  added.blocks = std::move(order);
  added.all.assign(blocks.begin(), blocks.end());
  added.place.store(0);
  added.activity.store(Activity::idle);
  added.is_taken = true;
  for (const BlockId block : added.all) homes_[block.value] = {.order = id};
  for (std::uint32_t place = 0; place < added.blocks.size(); ++place) {
    Home& home = homes_[added.blocks[place].value];
    BLUE_CHECK(home.order == id, "an order names a block that its owner does not have");
    if (home.first == kNone) home.first = place;
    home.last = place;
  }
  return OrderId{id};
}

void StepOrders::remove(OrderId order) {
  const MutexLock lock(mutex);
  Order& removed = orders_[order.value];
  for (const BlockId block : removed.all)
    if (homes_[block.value].order == order.value) homes_[block.value] = {};
  removed.blocks.clear();
  removed.all.clear();
  removed.activity.store(Activity::idle);
  removed.is_taken = false;
}

void StepOrders::set_activity(OrderId order, Activity activity) {
  orders_[order.value].activity.store(activity);
}

Activity StepOrders::activity(OrderId order) const { return orders_[order.value].activity.load(); }

void StepOrders::set_place(OrderId order, std::uint32_t place) {
  orders_[order.value].place.store(place, std::memory_order_relaxed);
}

Activity StepOrders::activity_of(BlockId block) const {
  const Home& home = homes_[block.value];
  return home.order == kNone ? Activity::idle : orders_[home.order].activity.load();
}

std::uint64_t StepOrders::uses_until(BlockId block, std::uint64_t from) const {
  const Home& home = homes_[block.value];
  if (home.first == kNone) return kNoKnownUse;
  const Order& order = orders_[home.order];
  const Activity activity = order.activity.load();
  if (activity == Activity::idle) return kNoKnownUse;
  const std::uint64_t n = order.blocks.size();
  const std::uint64_t place = order.place.load(std::memory_order_relaxed);
  const auto ahead = [&](std::uint32_t use) {
    std::uint64_t distance = (use + n - place) % n;
    if (distance < from) distance += n;
    return distance;
  };
  const std::uint64_t distance = std::min(ahead(home.first), ahead(home.last));
  return activity == Activity::next ? kNextOffset + distance : distance;
}

}  // namespace blue::memory
