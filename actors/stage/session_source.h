// SessionSource: a stage's tokens from a model session: opens the job's model from the registry,
// keeps executor and session between jobs of one model, and holds the device's turn for the length
// of a job.
// Depends on models, kernels/backend.h, the policies of actors/. Threads: its stage's. Lifetime:
// what SessionDeps names outlives it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/stage/model_registry.h"
#include "actors/stage/token_source.h"
#include "actors/tiering/ring_leases.h"
#include "base/log_sink.h"
#include "base/mutex.h"
#include "kernels/backend.h"
#include "models/executor.h"
#include "models/session.h"
#include "text/tokenizer/stream_decoder.h"

namespace blue::actors {

/// What all session sources of a runtime share.
struct SessionDeps {
  kernels::Backend& backend;  ///< used by the thread that holds the turn
  Mutex& device_turn;
  TierMemory& tiers;
  const ModelRegistry& registry;
  models::ExecutorLimits limits;  ///< max_context is cut to what the model was trained for
  LogSink& log;
};

class SessionSource final : public TokenSource {
 public:
  SessionSource(const SessionDeps& deps, StageLink& link);

  [[nodiscard]] Result<SourceBegin> begin(const messages::JobSpec& job,
                                          const StopToken& stop) override;
  [[nodiscard]] Result<std::optional<SourceToken>> next(const StopToken& stop) override;
  [[nodiscard]] std::string_view rest() override;
  [[nodiscard]] messages::StageEnd end() const override;
  [[nodiscard]] std::uint64_t n_misses() const override {
    return leases_.n_misses() - before_.n_misses;
  }
  void add_traffic(messages::StageFigures& figures) const override;
  [[nodiscard]] std::optional<KvSwitch> leave_for(const messages::JobSpec& job) override;
  [[nodiscard]] Status enter_with(const messages::JobSpec& job,
                                  const KvSnapshot& snapshot) override;
  void release(const std::string& model) override;

 private:
  [[nodiscard]] Status open(const std::string& path);
  void close();
  void set_activity(memory::Activity activity);
  [[nodiscard]] messages::StageFigures counts() const;
  /// Halves the context until there is memory for its cache.
  [[nodiscard]] Result<std::unique_ptr<models::Executor>> open_executor(
      models::ExecutorLimits limits);

  SessionDeps deps_;
  RingLeases leases_;
  messages::StageFigures before_;  ///< counts when the job began
  std::string path_;
  std::shared_ptr<const LoadedModel> model_;
  std::unique_ptr<models::Executor> executor_;
  std::optional<models::Session> session_;
  std::optional<text::StreamDecoder> decoder_;
  UniqueLock turn_;
};

}  // namespace blue::actors
