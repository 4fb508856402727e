#include "models/inline_model.h"

#include <algorithm>

#include "hal/reader_choice.h"
#include "models/block_list.h"
#include "models/model_index.h"

namespace blue::models {

namespace {

constexpr unsigned kReadsInFlight = 32;

/// Room for all blocks with the gaps that alignment may leave.
Bytes resident_bytes(const Program& program) {
  return weight_bytes(program) + Bytes{memory::kTensorAlignment} * (program.blocks.size() + 1);
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
  const bool is_cpu = backend_->device().info().kind == hal::DeviceKind::cpu;
  Bytes largest_block;
  for (const BlockPlan& block : program.blocks) largest_block = std::max(largest_block, block.size);
  memory::TierBudgets budgets;
  // Whole where it leaves a quarter of the memory to the rest; streamed through half otherwise.
  const Bytes free = backend_->device().info().memory_free;
  const Bytes whole = resident_bytes(program);
  const bool fits = whole.count <= free.count / 4 * 3;
  budgets.vram = options.vram.count != 0 ? options.vram : fits ? whole : Bytes{free.count / 2};
  budgets.ram = options.ram.count != 0 ? options.ram : is_cpu ? Bytes{} : largest_block * 2 + 1_MiB;
  BLUE_TRY_ASSIGN(tiers_, memory::InlineTiers::open(backend_->device(), *reader_, *catalog_,
                                                    *residency_, budgets));
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
  limits.weight_budget = budgets.vram;
  std::vector<memory::BlockId> order;
  for (const std::uint32_t block : step_order(program)) order.push_back(added.blocks[block]);
  tiers_->follow(std::move(order), added.blocks);
  BLUE_TRY_ASSIGN(executor_, Executor::create(program, added.blocks, *backend_, *tiers_, limits));
  return {};
}

}  // namespace blue::models
