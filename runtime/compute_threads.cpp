#include "runtime/compute_threads.h"

#include <algorithm>
#include <string>
#include <vector>

#include "actors/actors_error.h"

namespace blue::runtime {
namespace {

/// Every hardware thread once, in the order in which compute threads take them.
std::vector<int> cpus_by_worth(const actors::Placement& placement, const hal::Topology& topology) {
  std::vector<int> cpus = placement.worker_cpus;
  const auto add = [&cpus](int cpu) {
    if (std::ranges::find(cpus, cpu) == cpus.end()) cpus.push_back(cpu);
  };
  for (const bool is_near : {true, false}) {
    for (const hal::Core& core : topology.cores) {
      if ((core.numa_node == placement.numa_node) == is_near) add(core.pus.front());
    }
  }
  for (const hal::Core& core : topology.cores) {
    for (const int cpu : core.pus) add(cpu);
  }
  return cpus;
}

}  // namespace

Status place_threads(actors::Placement& placement, const hal::Topology& topology,
                     std::uint32_t n_threads) {
  if (n_threads == 0) return {};
  std::vector<int> cpus = cpus_by_worth(placement, topology);
  if (n_threads > cpus.size()) {
    return Error(actors::ActorsError::bad_request,
                 std::to_string(n_threads) + " threads: this process may use " +
                     std::to_string(cpus.size()) + " hardware threads; ask for as many at most");
  }
  cpus.resize(n_threads);
  for (std::size_t kind = 0; kind < placement.cpus.size(); ++kind) {
    if (static_cast<actors::ActorKind>(kind) == actors::ActorKind::stage) continue;
    if (std::ranges::find(cpus, placement.cpus[kind]) != cpus.end())
      placement.has_spare_cores = false;
  }
  placement.worker_cpus = std::move(cpus);
  return {};
}

}  // namespace blue::runtime
