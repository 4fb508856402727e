#include "apps/blue/inline_resources.h"

#include "actors/placement.h"
#include "hal/affinity.h"
#include "hal/topology.h"
#include "runtime/compute_threads.h"
#include "runtime/runtime.h"

namespace blue::apps {

Result<std::vector<int>> choose_cpus(const std::string& device,
                                     const actors::ResourceOptions& resources, LogSink& log) {
  BLUE_TRY_ASSIGN(const kernels::BackendChoice choice, kernels::choose_backend(device));
  if (!choice.entry->has_workers) {
    if (resources.n_threads > 0)
      log.write_once(LogLevel::info, "--threads is not used: it is for the cpu backend, not " +
                                         std::string(choice.entry->name));
    return std::vector<int>();
  }
  BLUE_TRY_ASSIGN(const hal::Topology topology, hal::read_topology());
  actors::Placement placement = actors::place_actors(topology);
  BLUE_TRY(runtime::place_threads(placement, topology, resources.n_threads));
  return std::move(placement.worker_cpus);
}

Status pin_caller(const std::vector<int>& cpus) {
  if (cpus.size() < 2) return {};
  BLUE_TRY_ASSIGN(hal::ThreadPin pin, hal::ThreadPin::to_cpu(cpus.front()));
  pin.keep();
  return {};
}

std::string granted_text(const models::InlineModel& model, const actors::ResourceOptions& resources,
                         std::size_t n_threads) {
  runtime::GrantedResources granted{
      .device = model.choice(),
      .vram = model.budgets().vram,
      .policy = resources.policy.value_or(memory::EvictionPolicy::automatic),
      .n_threads = static_cast<std::uint32_t>(n_threads)};
  if (model.budgets().ram.count > 0) granted.ram = model.budgets().ram;
  return to_text(granted);
}

}  // namespace blue::apps
