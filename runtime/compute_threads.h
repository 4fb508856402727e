// Which CPUs the backend's compute threads take where the user asks for a number of them. Pure:
// topology and placement in, CPUs out. Depends on actors/placement.h and hal/topology.h. Any
// thread.
#pragma once

#include <cstdint>

#include "actors/placement.h"
#include "base/result.h"
#include "hal/topology.h"

namespace blue::runtime {

/// Sets `placement.worker_cpus` to `n_threads` CPUs: those of the automatic placement first, then
/// the other cores, then the second hardware threads of all; 0 leaves it as it is. Light actors
/// that share a core with a compute thread then sleep instead of spinning. Errors: bad_request when
/// the machine has fewer hardware threads.
Status place_threads(actors::Placement& placement, const hal::Topology& topology,
                     std::uint32_t n_threads);

}  // namespace blue::runtime
