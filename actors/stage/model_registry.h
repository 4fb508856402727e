// ModelRegistry: the models of a runtime, each opened once: several stages that use one file share
// its program, vocabulary and blocks. Also the codec of the tokenizer worker.
// Depends on models, memory/tiers. Threads: any; opening holds the mutex. Lifetime: tier memory and
// log outlive it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/stage/text_codec.h"
#include "actors/tiering/tier_memory.h"
#include "base/log_sink.h"
#include "models/model.h"

namespace blue::actors {

struct LoadedModel {
  std::shared_ptr<const models::Model> model;
  std::vector<memory::BlockId>
      blocks;  ///< by Program::blocks: in the order a step first needs them
};

class ModelRegistry final : public TextCodec {
 public:
  /// `log` gets the notes on each file, once.
  ModelRegistry(TierMemory& tiers, LogSink& log, models::ModelOptions options = {})
      : tiers_(tiers), log_(log), options_(std::move(options)) {}

  /// Errors: open_model's; tier_full when the catalog has no room for its blocks.
  [[nodiscard]] Result<std::shared_ptr<const LoadedModel>> open(const std::string& path) const;
  [[nodiscard]] std::vector<std::shared_ptr<const LoadedModel>> all() const;
  /// Logs, once, that the model's template takes no system message, where that is so.
  void note_system_message(const models::Model& model) const;

  [[nodiscard]] Result<std::vector<TokenId>> encode(const std::string& model,
                                                    std::string_view text) const override;
  [[nodiscard]] Result<std::string> decode(const std::string& model,
                                           std::span<const TokenId> ids) const override;

 private:
  TierMemory& tiers_;
  LogSink& log_;
  models::ModelOptions options_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::shared_ptr<const LoadedModel>> models_;
};

}  // namespace blue::actors
