#include "models/inline_model.h"

#include <algorithm>

#include "hal/memory_info.h"
#include "hal/reader_choice.h"
#include "models/block_list.h"
#include "models/model_index.h"
#include "models/working_set.h"

namespace blue::models {

namespace {

constexpr unsigned kReadsInFlight = 32;

/// Room for all blocks with the gaps that alignment may leave.
Bytes resident_bytes(const Program& program) {
  return weight_bytes(program) + Bytes{memory::kTensorAlignment} * (program.blocks.size() + 1);
}

/// What shares are of.
constexpr Bytes most_of(Bytes available) { return {available.count / 4 * 3}; }

Result<memory::TierBudgets> budgets_of(const Program& program, const InlineModelOptions& options,
                                       const hal::DeviceInfo& device) {
  memory::TierBudgets budgets;
  const bool is_cpu = device.kind == hal::DeviceKind::cpu;
  const Bytes free = device.memory_free;
  budgets.vram = options.vram.of(is_cpu ? most_of(free) : free);
  if (options.vram.is_automatic()) {
    // Whole where it leaves a quarter of the memory to the rest; streamed through half otherwise.
    const Bytes whole = resident_bytes(program);
    budgets.vram = whole <= most_of(free) ? whole : Bytes{free.count / 2};
  }
  if (is_cpu) return budgets;
  Bytes largest_block;
  for (const BlockPlan& block : program.blocks) largest_block = std::max(largest_block, block.size);
  budgets.ram = largest_block * 2 + 1_MiB;
  if (options.ram.is_automatic()) return budgets;
  BLUE_TRY_ASSIGN(const hal::MemoryInfo host, hal::read_memory_info());
  budgets.ram = options.ram.of(most_of(host.available));
  return budgets;
}

}  // namespace

Result<std::unique_ptr<InlineModel>> InlineModel::load(const std::string& path,
                                                       const InlineModelOptions& options) {
  std::unique_ptr<InlineModel> loaded(new InlineModel());
  BLUE_TRY_ASSIGN(loaded->model_, open_model(path));
  BLUE_TRY_ASSIGN(const kernels::BackendChoice choice, kernels::choose_backend(options.backend));
  loaded->choice_ = choice.why;
  BLUE_TRY_ASSIGN(loaded->backend_,
                  choice.entry->open({choice.device_index, options.worker_cores}));
  BLUE_TRY(loaded->open_tiers(options));
  return loaded;
}

Status InlineModel::open_tiers(const InlineModelOptions& options) {
  const Program& program = model_->program;
  const auto n_blocks = static_cast<std::uint32_t>(program.blocks.size());
  NullLogSink silence;
  BLUE_TRY_ASSIGN(reader_, hal::open_file_reader(kReadsInFlight,
                                                 options.log != nullptr ? *options.log : silence));
  catalog_ = std::make_unique<memory::BlockCatalog>(n_blocks);
  residency_ = std::make_unique<memory::Residency>(n_blocks);
  BLUE_TRY_ASSIGN(budgets_, budgets_of(program, options, backend_->device().info()));
  // A device that reads tier 1 in place needs no room in tier 0.
  BLUE_TRY(check_tier_0(program, std::max(budgets_.vram, budgets_.ram), model_->path));
  BLUE_TRY_ASSIGN(tiers_, memory::InlineTiers::open(backend_->device(), *reader_, *catalog_,
                                                    *residency_, budgets_));
  BLUE_TRY_ASSIGN(const memory::CatalogModel added,
                  catalog_->add_model(program.hyper.name, model_->files,
                                      blocks_of(program, program.hyper.name)));
  load_index_or_warn(*model_, added.blocks, *catalog_,
                     options.log != nullptr ? *options.log : silence);
  ExecutorLimits limits;
  limits.max_context = options.max_context != 0
                           ? options.max_context
                           : std::min(program.hyper.n_context, kDefaultContext);
  limits.max_step_tokens = options.max_step_tokens;
  limits.kv_type = options.kv_type;
  limits.op_timing = options.op_timing;
  limits.weight_budget = budgets_.vram;
  tiers_->follow(step_order(program, added.blocks), added.blocks);
  BLUE_TRY_ASSIGN(executor_, Executor::create(program, added.blocks, *backend_, *tiers_, limits));
  return {};
}

}  // namespace blue::models
