#include "memory/tiers/thrash_detector.h"

#include <algorithm>

#include "base/check.h"

namespace blue::memory {

ThrashDetector::ThrashDetector(std::uint32_t n_blocks, std::uint32_t window)
    : evicted_at_(n_blocks, kNever), was_reload_(window, 0) {
  BLUE_CHECK(window > 0);
}

void ThrashDetector::evicted(BlockId block) {
  BLUE_CHECK(block.value < evicted_at_.size());
  evicted_at_[block.value] = n_loads_;
}

void ThrashDetector::loaded(BlockId block) {
  BLUE_CHECK(block.value < evicted_at_.size());
  std::uint64_t& evicted_at = evicted_at_[block.value];
  const bool is_reload = evicted_at != kNever && n_loads_ - evicted_at < was_reload_.size();
  evicted_at = kNever;
  std::uint8_t& place = was_reload_[n_loads_ % was_reload_.size()];
  n_recent_reloads_ += (is_reload ? 1U : 0U);
  n_recent_reloads_ -= place;
  place = is_reload ? 1 : 0;
  n_reloads_ += (is_reload ? 1U : 0U);
  n_loads_ += 1;
}

double ThrashDetector::reload_rate() const {
  const std::uint64_t n = std::min<std::uint64_t>(n_loads_, was_reload_.size());
  return n == 0 ? 0.0 : static_cast<double>(n_recent_reloads_) / static_cast<double>(n);
}

}  // namespace blue::memory
