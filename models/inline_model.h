// InlineModel: one model with everything it needs on the caller's thread: backend, tiers, executor.
// For `blue logits`, tools and tests; programs that run several models use the actors instead.
// Depends on models, memory, kernels, hal. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log_sink.h"
#include "base/memory_size.h"
#include "base/result.h"
#include "hal/file_reader.h"
#include "kernels/backend.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/inline_tiers.h"
#include "models/executor.h"
#include "models/model.h"

namespace blue::models {

struct InlineModelOptions {
  std::string backend = "auto";   ///< the value of --device or --backend
  std::vector<int> worker_cores;  ///< BackendOptions::worker_cores
  std::uint32_t max_context = 0;  ///< tokens; 0: as trained, at most kDefaultContext
  std::uint32_t max_step_tokens = 128;
  kernels::KvType kv_type = kernels::KvType::f32;
  OpTiming op_timing = OpTiming::off;
  LogSink* log = nullptr;  ///< for remarks while loading; null: none
  /// Tier budgets. Automatic: tier 0 holds the whole model where it leaves a quarter of the memory
  /// to the rest. A share: of the device's free memory, on a CPU and for tier 1 of three quarters
  /// of the available host memory.
  MemorySize vram;
  MemorySize ram;
};

inline constexpr std::uint32_t kDefaultContext = 4096;

class InlineModel {
 public:
  /// Errors: what opening, choosing a backend and taking memory give; unknown_backend;
  /// budget_too_small before any memory is taken.
  static Result<std::unique_ptr<InlineModel>> load(const std::string& path,
                                                   const InlineModelOptions& options);

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] Executor& executor() { return *executor_; }
  [[nodiscard]] kernels::Backend& backend() { return *backend_; }
  [[nodiscard]] memory::InlineTiers& tiers() { return *tiers_; }
  [[nodiscard]] const memory::TierBudgets& budgets() const { return budgets_; }
  /// One line: which device, and why.
  [[nodiscard]] const std::string& choice() const { return choice_; }

 private:
  InlineModel() = default;
  Status open_tiers(const InlineModelOptions& options);

  // In the order of construction: each borrows from those before it.
  std::shared_ptr<const Model> model_;
  std::string choice_;
  std::unique_ptr<kernels::Backend> backend_;
  std::unique_ptr<hal::FileReader> reader_;
  std::unique_ptr<memory::BlockCatalog> catalog_;
  std::unique_ptr<memory::Residency> residency_;
  memory::TierBudgets budgets_;
  std::unique_ptr<memory::InlineTiers> tiers_;
  std::unique_ptr<Executor> executor_;
};

}  // namespace blue::models
