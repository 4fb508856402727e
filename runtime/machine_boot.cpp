#include "runtime/machine_boot.h"

#include <utility>

#include "runtime/tier_sizes.h"

namespace blue::runtime {
namespace {

/// A survey shows the devices of every backend. A run probes the chosen backend only: opening a
/// GPU's driver takes a hundred milliseconds.
/// Returns whether the chosen device computes in host memory.
bool add_devices(hal::BootRequest& request, const kernels::BackendChoice* choice) {
  bool is_host = true;
  for (const kernels::BackendEntry* entry : kernels::registered_backends()) {
    const bool is_chosen = choice != nullptr && choice->entry == entry;
    // The reference backend computes on the same CPU and is no device of its own.
    if (!is_chosen && (!request.survey || entry->preference == 0)) continue;
    const std::vector<hal::DeviceInfo> found = entry->probe();
    request.devices.insert(request.devices.end(), found.begin(), found.end());
    if (is_chosen && !found.empty()) is_host = found.front().kind == hal::DeviceKind::cpu;
    if (!found.empty()) continue;
    request.device_notes.push_back(
        {.name = std::string(entry->name) + " backend",
         .outcome = hal::Outcome::absent,
         .detail = "no device of its kind answers",
         .remedy = "see that the driver is installed and the device is given to this machine"});
  }
  return is_host;
}

}  // namespace

Result<hal::BootedMachine> boot_machine(const RuntimeOptions& options,
                                        const kernels::BackendChoice* choice, LogSink& log) {
  hal::BootRequest request;
  request.survey = options.survey;
  request.queue_depth = kReadsInFlight;
  const bool is_host = add_devices(request, choice);
  // The tier in host memory where its size was asked for. 0 leaves the default, of which a share is
  // taken.
  const actors::ResourceOptions& asked = options.resources;
  request.memory_budget = (is_host ? asked.vram : asked.ram).bytes();
  if (request.memory_budget.count > 0 && !is_host) request.memory_budget += kStaging;
  return hal::boot(request, log);
}

std::vector<hal::BootItem> items_of(DeviceBoot& device) {
  using hal::Outcome;
  actors::TierMemory& tiers = *device.tiers;
  std::vector<hal::BootItem> items;
  items.push_back({"device", Outcome::granted, device.choice, ""});
  const bool is_cpu = tiers.device().info().kind == hal::DeviceKind::cpu;
  items.push_back({"tier vram", Outcome::granted,
                   to_text(tiers.budget(memory::Tier::vram)) + " of " +
                       (is_cpu ? "host memory" : tiers.device().info().name),
                   ""});
  if (!tiers.has_ram())
    items.push_back({"tier ram", Outcome::absent, "the device computes in host memory itself", ""});
  else if (tiers.is_ram_page_locked())
    items.push_back({"tier ram", Outcome::granted,
                     to_text(tiers.budget(memory::Tier::ram)) + ", page-locked", ""});
  else
    items.push_back({"tier ram", Outcome::denied,
                     to_text(tiers.budget(memory::Tier::ram)) +
                         ", not page-locked: copies to the device go through staging",
                     "allow it (`ulimit -l unlimited`, LimitMEMLOCK= in a systemd unit)"});
  return items;
}

hal::BootItem item_of(const std::vector<actors::ActorThread>& threads,
                      const actors::Placement& placement) {
  std::size_t n_pinned = 0;
  std::size_t n_unpinned = 0;
  for (const actors::ActorThread& thread : threads) {
    if (placement.cpu_of(thread.kind) == actors::Placement::kAnywhere) continue;
    ++(thread.cpu == actors::Placement::kAnywhere ? n_unpinned : n_pinned);
  }
  const std::string detail = std::to_string(threads.size()) + " actors started, " +
                             std::to_string(n_pinned) + " pinned to their cores";
  if (n_unpinned == 0) return {"actors", hal::Outcome::granted, detail, ""};
  return {"actors", hal::Outcome::denied,
          detail + ", " + std::to_string(n_unpinned) + " refused theirs",
          "give the process the cores that it was placed on (cpuset, taskset)"};
}

}  // namespace blue::runtime
