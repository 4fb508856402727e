#include "runtime/cost_rates.h"

#include <algorithm>

#include "actors/placement.h"
#include "hal/link_measure.h"
#include "hal/machine_measure.h"
#include "models/kernel_rate.h"
#include "models/working_set.h"
#include "runtime/compute_threads.h"
#include "runtime/machine_boot.h"
#include "runtime/tier_sizes.h"

namespace blue::runtime {
namespace {

/// The file with most of the model's bytes.
const std::string& largest_file(const models::Model& model) {
  std::vector<std::uint64_t> bytes(model.files.size());
  for (const models::BlockPlan& block : model.program.blocks) {
    for (const memory::BlockExtent& extent : block.extents) bytes[extent.file] += extent.size;
  }
  return model.files[static_cast<std::size_t>(std::ranges::max_element(bytes) - bytes.begin())];
}

/// The device of a plan, opened as a run opens it.
struct PlanMachine {
  hal::BootedMachine machine;
  std::unique_ptr<kernels::Backend> backend;
  GrantedResources granted;
};

Result<PlanMachine> open_machine(const RuntimeOptions& options, LogSink& log) {
  BLUE_TRY_ASSIGN(const kernels::BackendChoice choice, kernels::choose_backend(options.device));
  BLUE_TRY_ASSIGN(hal::BootedMachine machine, boot_machine(options, &choice, log));
  actors::Placement placement = actors::place_actors(machine.topology());
  if (choice.entry->has_workers)
    BLUE_TRY(place_threads(placement, machine.topology(), options.resources.n_threads));
  BLUE_TRY_ASSIGN(std::unique_ptr<kernels::Backend> backend,
                  choice.entry->open({choice.device_index, placement.worker_cpus}));
  const hal::DeviceInfo& device = backend->device().info();
  const TierSizes sizes = tier_sizes(options.resources, device, machine.budget().limit());
  GrantedResources granted{
      .device = choice.why,
      .vram = sizes.vram,
      .policy = options.resources.policy.value_or(memory::EvictionPolicy::automatic)};
  if (device.kind != hal::DeviceKind::cpu) granted.ram = sizes.ram;
  if (choice.entry->has_workers)
    granted.n_threads = static_cast<std::uint32_t>(placement.worker_cpus.size());
  machine.end_caller_tuning();
  return PlanMachine{std::move(machine), std::move(backend), std::move(granted)};
}

Result<PlannedModel> plan_model(const std::string& path, const RuntimeOptions& options,
                                PlanMachine& on, const RateRequest& request, double skew) {
  PlannedModel planned;
  BLUE_TRY_ASSIGN(planned.model, models::open_model(path, options.model));
  const models::Program& program = planned.model->program;
  const Bytes ram = on.granted.ram.value_or(Bytes{});
  BLUE_TRY(models::check_tier_0(program, std::max(on.granted.vram, ram), path));
  planned.sizes = models::sizes_of(program, options.kv_type);
  planned.n_context = options.max_context;
  if (program.hyper.n_context > 0)
    planned.n_context = std::min(planned.n_context, program.hyper.n_context);
  planned.kv = planned.sizes.kv_per_token * planned.n_context;
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::FileReader> reader, on.machine.open_reader());
  BLUE_TRY_ASSIGN(const models::LinkRates rates,
                  measure_rates(*planned.model, *on.backend, *reader, request));
  planned.question = {.vram = on.granted.vram,
                      .ram = ram,
                      .policy = on.granted.policy,
                      .skew = skew,
                      .rates = rates};
  planned.cost = models::cost_of(planned.sizes, planned.question);
  return planned;
}

}  // namespace

Result<models::LinkRates> measure_rates(const models::Model& model, kernels::Backend& backend,
                                        hal::FileReader& reader, const RateRequest& request) {
  models::LinkRates rates;
  if (request.disk) {
    rates.disk = *request.disk;
  } else {
    BLUE_TRY_ASSIGN(const hal::MeasuredDisk disk,
                    hal::measure_disk_read(reader, largest_file(model), request.each_ns));
    rates.disk = disk.rate.gb_per_s() * 1e9;
  }
  if (backend.device().info().kind != hal::DeviceKind::cpu) {
    rates.link = request.link.value_or(0);
    if (!request.link) {
      BLUE_TRY_ASSIGN(const hal::MeasuredRate link,
                      hal::measure_link(backend.device(), request.each_ns));
      rates.link = link.gb_per_s() * 1e9;
    }
  }
  if (request.compute) {
    rates.compute = *request.compute;
    return rates;
  }
  BLUE_TRY_ASSIGN(const models::KernelRate kernels,
                  models::measure_kernels(backend, model.program, request.each_ns));
  rates.compute = kernels.bytes_per_s;
  rates.op_ns = kernels.op_ns;
  return rates;
}

Result<CostPlan> plan_costs(const RuntimeOptions& options, const std::vector<std::string>& paths,
                            const RateRequest& request, double skew, LogSink& log) {
  BLUE_TRY_ASSIGN(PlanMachine on, open_machine(options, log));
  CostPlan plan{.resources = on.granted};
  std::vector<models::ModelSizes> all;
  for (const std::string& path : paths) {
    BLUE_TRY_ASSIGN(PlannedModel planned, plan_model(path, options, on, request, skew));
    all.push_back(planned.sizes);
    plan.models.push_back(std::move(planned));
  }
  for (PlannedModel& planned : plan.models) {
    if (plan.models.size() > 1)
      planned.switch_ms = models::switch_ms(planned.sizes, all, planned.question);
  }
  return plan;
}

}  // namespace blue::runtime
