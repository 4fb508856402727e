// Placement: which core each actor's thread is pinned to, and which cores the device's workers
// take. Pure: topology in, cores out. Performance cores for stages and scheduling, efficiency cores
// for data preparation and monitoring; everything on the NUMA node that has the most
// performance cores. On few cores the light actors share the last one. Stages share the first
// compute core: they take turns on a device, and its worker pool counts the caller as its first.
// Depends on hal/topology.h and actors/scheduling/restart_policy.h (kinds). Any thread.
#pragma once

#include <array>
#include <vector>

#include "actors/scheduling/restart_policy.h"
#include "hal/topology.h"

namespace blue::actors {

struct Placement {
  /// By ActorKind: the operating system's CPU number, or kAnywhere. Kinds with several actors share
  /// it.
  std::array<int, kActorKinds> cpus{};
  /// For BackendOptions::worker_cores, the stages' own first.
  std::vector<int> worker_cpus;
  int numa_node = 0;
  /// Do light actors have cores that no stage computes on? If so they spin between ring records,
  /// else they sleep.
  bool has_spare_cores = false;

  static constexpr int kAnywhere = -1;
  [[nodiscard]] int cpu_of(ActorKind kind) const { return cpus[static_cast<std::size_t>(kind)]; }
};

/// A topology without cores leaves everything unpinned.
Placement place_actors(const hal::Topology& topology);

}  // namespace blue::actors
