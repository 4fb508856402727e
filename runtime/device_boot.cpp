#include "runtime/device_boot.h"

#include <optional>
#include <utility>

#include "hal/memory_info.h"
#include "hal/reader_choice.h"

namespace blue::runtime {
namespace {

constexpr unsigned kReadsInFlight = 64;
/// A device that refuses less has no use for a program that streams weights.
constexpr Bytes kLeastArena = 8_MiB;

/// Opens the tiers; where the system refuses memory that was not asked for by size, a quarter less
/// at a time.
Result<std::shared_ptr<actors::TierMemory>> open_tiers(hal::Device& device,
                                                       const RuntimeOptions& asked,
                                                       actors::TierMemoryOptions tiers,
                                                       LogSink& log) {
  const auto shrink = [](Bytes size) { return Bytes{size.count / 4 * 3}; };
  const Bytes first = tiers.vram;
  std::optional<Error> refusal;
  for (;;) {
    auto opened = actors::TierMemory::open(device, tiers, log);
    if (opened && refusal)
      log.write_once(LogLevel::warning, "the weights get " + to_text(tiers.vram) + " instead of " +
                                            to_text(first) + ": " + refusal->message());
    if (opened || !opened.error().is(hal::HalError::out_of_memory)) return opened;
    if (asked.vram_budget.count > 0 || shrink(tiers.vram) < kLeastArena) return opened;
    if (!refusal) refusal = opened.error();
    tiers.vram = shrink(tiers.vram);
    if (asked.ram_budget.count == 0) tiers.ram = shrink(tiers.ram);
  }
}

}  // namespace

Result<std::unique_ptr<DeviceBoot>> boot_device(const RuntimeOptions& options,
                                                const actors::Placement& placement, LogSink& log) {
  auto boot = std::make_unique<DeviceBoot>();
  BLUE_TRY_ASSIGN(const hal::MemoryInfo memory, hal::read_memory_info());
  if (!memory.missing.empty()) log.write_once(LogLevel::warning, memory.missing);
  BLUE_TRY_ASSIGN(const kernels::BackendChoice choice, kernels::choose_backend(options.device));
  boot->choice = choice.why;
  BLUE_TRY_ASSIGN(boot->backend, choice.entry->open({choice.device_index, placement.worker_cpus}));
  hal::Device& device = boot->backend->device();
  actors::TierMemoryOptions tiers;
  tiers.vram = options.vram_budget.count > 0 ? options.vram_budget
                                             : Bytes{device.info().memory_free.count / 2};
  tiers.ram = options.ram_budget;
  if (tiers.ram.count == 0 && device.info().kind != hal::DeviceKind::cpu)
    tiers.ram = Bytes{memory.available.count / 4};
  tiers.open_reader = [&log] { return hal::open_file_reader(kReadsInFlight, log); };
  BLUE_TRY_ASSIGN(boot->tiers, open_tiers(device, options, std::move(tiers), log));
  boot->registry = std::make_shared<actors::ModelRegistry>(*boot->tiers, log, options.model);
  return boot;
}

actors::TokenSourceFactory session_sources(DeviceBoot& boot, const RuntimeOptions& options,
                                           LogSink& log) {
  models::ExecutorLimits limits;
  limits.max_context = options.max_context;
  limits.kv_type = options.kv_type;
  limits.weight_budget = boot.tiers->budget(memory::Tier::vram);
  return [&boot, limits, &log](actors::StageLink& link) -> std::unique_ptr<actors::TokenSource> {
    return std::make_unique<actors::SessionSource>(
        actors::SessionDeps{*boot.backend, boot.turn, *boot.tiers, *boot.registry, limits, log},
        link);
  };
}

}  // namespace blue::runtime
