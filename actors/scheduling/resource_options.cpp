#include "actors/scheduling/resource_options.h"

#include "base/printable.h"

namespace blue::actors {

using memory::EvictionPolicy;

ResourceOptions ResourceOptions::or_else(const ResourceOptions& others) const {
  ResourceOptions both = *this;
  if (both.vram.is_automatic()) both.vram = others.vram;
  if (both.ram.is_automatic()) both.ram = others.ram;
  if (!both.policy) both.policy = others.policy;
  if (both.n_threads == 0) both.n_threads = others.n_threads;
  return both;
}

Result<EvictionPolicy> parse_policy(std::string_view name) {
  for (const EvictionPolicy policy :
       {EvictionPolicy::automatic, EvictionPolicy::lru, EvictionPolicy::lfu}) {
    if (to_text(policy) == name) return policy;
  }
  constexpr std::size_t kMostShown = 40;
  return Error(ActorsError::bad_request,
               "no policy '" + printable_line(name, kMostShown) + "': auto, lru or lfu");
}

std::string_view to_text(EvictionPolicy policy) {
  switch (policy) {
    case EvictionPolicy::automatic: return "auto";
    case EvictionPolicy::lru: return "lru";
    case EvictionPolicy::lfu: return "lfu";
  }
  return "unknown";
}

}  // namespace blue::actors
