#include "runtime/tier_sizes.h"

#include <algorithm>

namespace blue::runtime {

TierSizes tier_sizes(const actors::ResourceOptions& asked, const hal::DeviceInfo& device,
                     Bytes host_budget) {
  const bool is_cpu = device.kind == hal::DeviceKind::cpu;
  TierSizes sizes;
  sizes.vram = asked.vram.of(is_cpu ? host_budget : device.memory_free);
  if (asked.vram.is_automatic())
    sizes.vram = Bytes{is_cpu ? host_budget.count / 3 * 2 : device.memory_free.count / 2};
  if (!is_cpu) sizes.ram = asked.ram.of(host_budget - std::min(host_budget, kStaging));
  if (!is_cpu && asked.ram.is_automatic()) sizes.ram = Bytes{host_budget.count / 3};
  sizes.host = is_cpu ? sizes.vram : sizes.ram + kStaging;
  return sizes;
}

}  // namespace blue::runtime
