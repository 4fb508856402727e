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
    return std::tie(b.next_use, a.last_used, a.n_uses, a.block) <
           std::tie(a.next_use, b.last_used, b.n_uses, b.block);
  });
  return order;
}

std::vector<BlockId> choose_victims(std::span<const EvictionCandidate> candidates, Bytes needed) {
  std::vector<EvictionCandidate> order = eviction_order(candidates);
  Bytes freed;
  std::size_t n = 0;
  while (n < order.size() && freed < needed) freed += order[n++].size;
  if (freed < needed) return {};

  std::vector<BlockId> victims;
  for (std::size_t i = n; i > 0; --i) {
    const EvictionCandidate& candidate = order[i - 1];
    if (freed - candidate.size >= needed) {
      freed -= candidate.size;
    } else {
      victims.push_back(candidate.block);
    }
  }
  std::reverse(victims.begin(), victims.end());
  return victims;
}

}  // namespace blue::memory
