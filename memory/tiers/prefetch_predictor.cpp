#include "memory/tiers/prefetch_predictor.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace blue::memory {

PrefetchPredictor::PrefetchPredictor(std::vector<BlockId> order, std::uint32_t n_blocks)
    : order_(std::move(order)), places_(n_blocks) {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    BLUE_CHECK(order_[i].value < n_blocks);
    places_[order_[i].value].push_back(static_cast<std::uint32_t>(i));
  }
}

void PrefetchPredictor::used(BlockId block) {
  if (next_place_ < order_.size() && order_[next_place_] == block) {
    n_hits_ += 1;
  } else {
    n_misses_ += 1;
    const std::uint64_t ahead = uses_until(block);
    if (ahead == kNoKnownUse) return;
    next_place_ = (next_place_ + ahead - 1) % order_.size();
  }
  next_place_ = next_place_ + 1 == order_.size() ? 0 : next_place_ + 1;
}

std::vector<BlockId> PrefetchPredictor::next(std::uint32_t depth) const {
  std::vector<BlockId> ahead;
  const std::size_t n = std::min<std::size_t>(depth, order_.size());
  ahead.reserve(n);
  for (std::size_t i = 0; i < n; ++i) ahead.push_back(order_[(next_place_ + i) % order_.size()]);
  return ahead;
}

std::uint64_t PrefetchPredictor::uses_until(BlockId block) const {
  BLUE_CHECK(block.value < places_.size());
  const std::vector<std::uint32_t>& places = places_[block.value];
  if (places.empty()) return kNoKnownUse;
  const auto ahead = std::lower_bound(places.begin(), places.end(), next_place_);
  if (ahead != places.end()) return *ahead - next_place_ + 1;
  return order_.size() - next_place_ + places.front() + 1;
}

ExpertRecency::ExpertRecency(std::uint32_t n_layers, std::uint32_t n_kept)
    : n_kept_(n_kept), recent_(n_layers) {
  for (std::vector<BlockId>& recent : recent_) recent.reserve(n_kept + 1);
}

void ExpertRecency::chosen(std::uint32_t layer, std::span<const BlockId> experts) {
  BLUE_CHECK(layer < recent_.size());
  std::vector<BlockId>& recent = recent_[layer];
  // All are counted before any is entered: a token's own choices do not predict it.
  for (const BlockId expert : experts) {
    const bool was_predicted = std::find(recent.begin(), recent.end(), expert) != recent.end();
    (was_predicted ? n_hits_ : n_misses_) += 1;
  }
  for (const BlockId expert : experts) {
    const auto known = std::find(recent.begin(), recent.end(), expert);
    if (known != recent.end()) {
      std::rotate(recent.begin(), known, known + 1);
      continue;
    }
    recent.insert(recent.begin(), expert);
    if (recent.size() > n_kept_) recent.pop_back();
  }
}

std::span<const BlockId> ExpertRecency::predict(std::uint32_t layer) const {
  BLUE_CHECK(layer < recent_.size());
  return recent_[layer];
}

}  // namespace blue::memory
