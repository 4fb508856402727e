// EvictionPolicy: what a block without a known next use is worth. Depends on nothing. Plain values.
#pragma once

#include <cstdint>

namespace blue::memory {

/// Which of the blocks without a known next use leaves first.
enum class EvictionPolicy : std::uint8_t {
  automatic,  ///< the lowest score: leases, each fading with the steps since
  lru,        ///< the least recently leased
  lfu,        ///< the least often leased
};

}  // namespace blue::memory
