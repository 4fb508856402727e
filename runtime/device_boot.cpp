#include "runtime/device_boot.h"

#include <utility>

#include "hal/memory_info.h"
#include "hal/reader_choice.h"

namespace blue::runtime {
namespace {

constexpr unsigned kReadsInFlight = 64;

}  // namespace

Result<std::unique_ptr<DeviceBoot>> boot_device(const RuntimeOptions& options,
                                                const actors::Placement& placement, LogSink& log) {
  auto boot = std::make_unique<DeviceBoot>();
  BLUE_TRY_ASSIGN(const kernels::BackendChoice choice, kernels::choose_backend(options.device));
  boot->choice = choice.why;
  BLUE_TRY_ASSIGN(boot->backend, choice.entry->open({choice.device_index, placement.worker_cpus}));
  hal::Device& device = boot->backend->device();
  actors::TierMemoryOptions tiers;
  tiers.vram = options.vram_budget.count > 0 ? options.vram_budget
                                             : Bytes{device.info().memory_free.count / 2};
  tiers.ram = options.ram_budget;
  if (tiers.ram.count == 0 && device.info().kind != hal::DeviceKind::cpu) {
    BLUE_TRY_ASSIGN(const hal::MemoryInfo memory, hal::read_memory_info());
    tiers.ram = Bytes{memory.available.count / 4};
  }
  tiers.open_reader = [&log] { return hal::open_file_reader(kReadsInFlight, log); };
  BLUE_TRY_ASSIGN(boot->tiers, actors::TierMemory::open(device, std::move(tiers), log));
  boot->registry = std::make_shared<actors::ModelRegistry>(*boot->tiers, log, options.model);
  return boot;
}

actors::TokenSourceFactory session_sources(DeviceBoot& boot, const RuntimeOptions& options) {
  models::ExecutorLimits limits;
  limits.max_context = options.max_context;
  limits.kv_type = options.kv_type;
  limits.weight_budget = boot.tiers->budget(memory::Tier::vram);
  return [&boot, limits](actors::StageLink& link) -> std::unique_ptr<actors::TokenSource> {
    return std::make_unique<actors::SessionSource>(
        actors::SessionDeps{*boot.backend, boot.turn, *boot.tiers, *boot.registry, limits}, link);
  };
}

}  // namespace blue::runtime
