// ModelRegistry: the models of a runtime, each opened once: several stages that use one file share
// its program, vocabulary and blocks.
// Depends on models, memory/tiers. Threads: any; opening holds the mutex. Lifetime: tier memory and
// log outlive it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/tiering/tier_memory.h"
#include "base/log_sink.h"
#include "base/mutex.h"
#include "models/model.h"

namespace blue::actors {

struct LoadedModel {
  std::shared_ptr<const models::Model> model;
  std::vector<memory::BlockId>
      blocks;  ///< by Program::blocks: in the order a step first needs them
  memory::CatalogModelId catalog_id;
  memory::OrderId order;  ///< of its steps, in the tiers' StepOrders
};

class ModelRegistry {
 public:
  /// `log` gets the notes on each file, once.
  ModelRegistry(TierMemory& tiers, LogSink& log, models::ModelOptions options = {})
      : tiers_(tiers), log_(log), options_(std::move(options)) {}

  /// Errors: open_model's; budget_too_small; tier_full when the catalog has no room for its blocks.
  [[nodiscard]] Result<std::shared_ptr<const LoadedModel>> open(const std::string& path) const;
  [[nodiscard]] std::vector<std::shared_ptr<const LoadedModel>> all() const;
  /// Logs once when the model's template takes no system message.
  void note_system_message(const models::Model& model) const;

  /// The model if it is open; null otherwise.
  [[nodiscard]] std::shared_ptr<const LoadedModel> find(const std::string& path) const;
  /// Removes a model and its catalog entry. Its blocks must have been evicted, with no copy under
  /// way.
  void remove(const std::string& path);

 private:
  TierMemory& tiers_;
  LogSink& log_;
  models::ModelOptions options_;
  mutable Mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const LoadedModel>> models_ BLUE_GUARDED_BY(mutex_);
};

}  // namespace blue::actors
