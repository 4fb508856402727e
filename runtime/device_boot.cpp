#include "runtime/device_boot.h"

#include <optional>
#include <utility>

#include "runtime/tier_sizes.h"

namespace blue::runtime {
namespace {

/// What was asked for and has no meaning on this device.
void log_unused(const actors::ResourceOptions& asked, const kernels::BackendChoice& choice,
                const hal::DeviceInfo& device, LogSink& log) {
  if (device.kind == hal::DeviceKind::cpu && !asked.ram.is_automatic())
    log.write_once(LogLevel::info,
                   "--ram is not used: " + device.name +
                       " computes in host memory, where tier 0 lies already (--vram)");
  if (!choice.entry->has_workers && asked.n_threads > 0)
    log.write_once(LogLevel::info, "--threads is not used: it is for the cpu backend, not " +
                                       std::string(choice.entry->name));
}

/// Below this size a device is of no use, even when weights are streamed.
constexpr Bytes kLeastArena = 8_MiB;

/// Opens the tiers. Where the system refuses a default size, retries with a quarter less.
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
    if (!asked.resources.vram.is_automatic() || shrink(tiers.vram) < kLeastArena) return opened;
    if (!refusal) refusal = opened.error();
    tiers.vram = shrink(tiers.vram);
    if (asked.resources.ram.is_automatic()) tiers.ram = shrink(tiers.ram);
  }
}

}  // namespace

Result<std::unique_ptr<DeviceBoot>> boot_device(const RuntimeOptions& options,
                                                const kernels::BackendChoice& choice,
                                                const actors::Placement& placement,
                                                hal::BootedMachine& machine, LogSink& log) {
  auto boot = std::make_unique<DeviceBoot>();
  boot->choice = choice.why;
  BLUE_TRY_ASSIGN(boot->backend, choice.entry->open({choice.device_index, placement.worker_cpus}));
  hal::Device& device = boot->backend->device();
  const TierSizes sizes = tier_sizes(options.resources, device.info(), machine.budget().limit());
  const bool is_cpu = device.info().kind == hal::DeviceKind::cpu;
  log_unused(options.resources, choice, device.info(), log);
  BLUE_TRY_ASSIGN(boot->host_share,
                  hal::Reservation::take(machine.budget(), sizes.host,
                                         is_cpu ? "tier 0" : "tier 1 with its staging"));
  actors::TierMemoryOptions tiers;
  tiers.vram = sizes.vram;
  tiers.ram = sizes.ram;
  tiers.scheduling.policy = options.resources.policy.value_or(memory::EvictionPolicy::automatic);
  tiers.open_reader = [&machine] { return machine.open_reader(); };
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
