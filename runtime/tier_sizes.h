// The sizes of the tiers: what was asked for, or chosen from what the machine grants. Pure.
// Depends on actors/scheduling, hal/device.h. Any thread.
#pragma once

#include "actors/scheduling/resource_options.h"
#include "base/units.h"
#include "hal/device.h"

namespace blue::runtime {

/// Both halves of the mover's staging, beside a GPU.
inline constexpr Bytes kStaging = 8_MiB;

/// Sizes of the tiers, and how much of the host's memory they take.
struct TierSizes {
  Bytes vram;
  Bytes ram;
  Bytes host;
};

/// Where nothing was asked for: on a CPU two thirds of the host budget; beside a GPU half of what
/// the device has free, and a third of the budget. The rest of the host's memory is for KV caches,
/// activations and other programs. A share is of the budget; of tier 0 beside a GPU of what the
/// device has free.
TierSizes tier_sizes(const actors::ResourceOptions& asked, const hal::DeviceInfo& device,
                     Bytes host_budget);

}  // namespace blue::runtime
