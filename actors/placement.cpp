#include "actors/placement.h"

#include <algorithm>
#include <map>

namespace blue::actors {
namespace {

/// From here on a whole core is kept for scheduling beside the compute cores.
constexpr std::size_t kCoresForOwnScheduler = 4;

using Cores = std::vector<const hal::Core*>;

/// The node with the most performance cores; the most cores among equals, then the lowest number.
int best_node(const hal::Topology& topology) {
  std::map<int, std::pair<int, int>> by_node;
  for (const hal::Core& core : topology.cores) {
    auto& [n_performance, n_all] = by_node[core.numa_node];
    n_performance += core.kind != hal::CoreKind::efficiency ? 1 : 0;
    ++n_all;
  }
  return std::ranges::max_element(by_node, {}, [](const auto& entry) { return entry.second; })
      ->first;
}

struct Split {
  Cores compute;  ///< never empty
  int scheduling = Placement::kAnywhere;
  Cores light;  ///< never empty; may repeat a compute core on a small machine
};

Split split_cores(const Cores& strong, const Cores& weak) {
  Split split;
  split.compute = strong;
  split.light = weak;
  if (strong.size() >= kCoresForOwnScheduler) {
    split.scheduling = strong.back()->pus.front();
    split.compute.pop_back();
    if (split.light.empty()) {
      split.light.push_back(split.compute.back());
      split.compute.pop_back();
    }
  } else {
    const hal::Core* last = weak.empty() ? strong.back() : weak.front();
    split.scheduling = last->pus.front();
    if (split.light.empty()) split.light.push_back(last);
  }
  return split;
}

}  // namespace

Placement place_actors(const hal::Topology& topology) {
  Placement placement;
  placement.cpus.fill(Placement::kAnywhere);
  if (topology.cores.empty()) return placement;
  placement.numa_node = best_node(topology);
  Cores strong;
  Cores weak;
  for (const hal::Core& core : topology.cores) {
    if (core.numa_node != placement.numa_node || core.pus.empty()) continue;
    (core.kind == hal::CoreKind::efficiency ? weak : strong).push_back(&core);
  }
  if (strong.empty()) strong.swap(weak);
  if (strong.empty()) return placement;

  const Split split = split_cores(strong, weak);
  for (const hal::Core* core : split.compute) placement.worker_cpus.push_back(core->pus.front());
  const auto is_computing = [&](int cpu) {
    return std::ranges::find(placement.worker_cpus, cpu) != placement.worker_cpus.end();
  };
  const auto assign = [&placement](ActorKind kind, int cpu) {
    placement.cpus[static_cast<std::size_t>(kind)] = cpu;
  };

  assign(ActorKind::stage, placement.worker_cpus.front());
  assign(ActorKind::scheduler, split.scheduling);
  // Ordered by load: the busiest first, so that they share a core last.
  constexpr std::array kLight = {
      ActorKind::dma_engine, ActorKind::entropy_monitor, ActorKind::tiering,
      ActorKind::kv_library, ActorKind::cascade,         ActorKind::application,
      ActorKind::supervisor, ActorKind::tracer,          ActorKind::watchdog};
  for (std::size_t i = 0; i < kLight.size(); ++i) {
    assign(kLight[i], split.light[i % split.light.size()]->pus.front());
  }
  placement.has_spare_cores = !is_computing(split.scheduling) && split.light.size() >= 2 &&
                              std::ranges::none_of(split.light, [&](const hal::Core* core) {
                                return is_computing(core->pus.front());
                              });
  return placement;
}

}  // namespace blue::actors
