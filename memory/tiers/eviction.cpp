#include "memory/tiers/eviction.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace blue::memory {

std::vector<EvictionCandidate> eviction_order(std::span<const EvictionCandidate> candidates) {
  std::vector<EvictionCandidate> order;
  order.reserve(candidates.size());
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(order),
               [](const EvictionCandidate& c) { return c.pins == 0; });
  std::sort(order.begin(), order.end(), [](const EvictionCandidate& a, const EvictionCandidate& b) {
    return std::tie(b.next_use, a.last_used, a.n_uses, a.block) < std::tie(a.next_use, b.last_used, b.n_uses, b.block);
  });
  return order;
}

std::vector<BlockId> choose_victims(std::span<const EvictionCandidate> candidates, Bytes needed) {
  std::vector<BlockId> victims;
  Bytes freed;
  for (const EvictionCandidate& candidate : eviction_order(candidates)) {
    if (freed >= needed) return victims;
    victims.push_back(candidate.block);
    freed += candidate.size;
  }
  if (freed < needed) victims.clear();
  return victims;
}

}  // namespace blue::memory
