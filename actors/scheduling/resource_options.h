// ResourceOptions: what a user asks of the machine for a run: budgets of the tiers, eviction
// policy, compute threads. From the command line and from a cascade's [resources] table. What is
// not asked for is chosen by the runtime.
// Depends on base and memory/tiers/eviction_policy.h. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/actors_error.h"
#include "base/memory_size.h"
#include "base/result.h"
#include "memory/tiers/eviction_policy.h"

namespace blue::actors {

inline constexpr std::uint32_t kMostThreads = 1024;

struct ResourceOptions {
  MemorySize vram;                               ///< tier 0: the arena on the device
  MemorySize ram;                                ///< tier 1: page-locked memory beside a GPU
  std::optional<memory::EvictionPolicy> policy;  ///< nothing: automatic
  std::uint32_t n_threads = 0;                   ///< of the CPU backend; 0: automatic

  /// These, and from `others` what these leave open.
  [[nodiscard]] ResourceOptions or_else(const ResourceOptions& others) const;
  [[nodiscard]] bool is_empty() const { return *this == ResourceOptions(); }

  friend bool operator==(const ResourceOptions&, const ResourceOptions&) = default;
};

/// "auto", "lru" or "lfu". Errors: bad_request naming the three.
Result<memory::EvictionPolicy> parse_policy(std::string_view name);
std::string_view to_text(memory::EvictionPolicy policy);

}  // namespace blue::actors
