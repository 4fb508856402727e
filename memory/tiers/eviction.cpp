#include "memory/tiers/eviction.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace blue::memory {

bool leaves_before(const EvictionCandidate& a, const EvictionCandidate& b) {
  return std::tie(b.next_use, a.worth, a.block) < std::tie(a.next_use, b.worth, b.block);
}

std::vector<EvictionCandidate> eviction_order(std::span<const EvictionCandidate> candidates) {
  std::vector<EvictionCandidate> order;
  order.reserve(candidates.size());
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(order),
               [](const EvictionCandidate& c) { return c.pins == 0; });
  std::sort(order.begin(), order.end(), leaves_before);
  return order;
}

}  // namespace blue::memory
