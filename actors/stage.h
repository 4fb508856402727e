// Stage (thinker, coder, reviewer, fixer, ...): owns one token source and its link; runs one job at
// a time. The token loop sends no message: samples, text and misses cross the link, and a
// preemption is the link's stop flag.
// Depends on actors/. Threads: its own, pinned to the first compute core.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/stage/ring_link.h"
#include "actors/stage/stage_loop.h"

namespace blue::actors {

class Stage final : public PinnedActor<StageHandle> {
 public:
  Stage(caf::actor_config& config, ActorHost& host, StageChannel& channel, KvCacheStore& kv,
        TokenSourceFactory make_source);

  Behavior make_behavior() override;
  void on_exit() override;

 private:
  using OutcomeMessage =
      std::variant<messages::StageDone, messages::StagePreempted, messages::StageFailed>;

  void start_job(const messages::JobSpec& job);
  /// Saves the KV rows of the model that it leaves, loads those of the next one, then runs.
  void run_after_switch(const messages::JobSpec& job, TokenSource::KvSwitch change);
  void save_kv(TokenSource::KvSwitch& change);
  void run(const messages::JobSpec& job);
  void keep_outcome(const messages::JobKey& key, StageOutcome outcome);
  [[nodiscard]] std::string kv_name(const std::string& model) const { return name_ + "@" + model; }
  void send_outcome();

  const std::string name_;
  const messages::StageId id_;
  RingLink link_;
  const TokenSourceFactory make_source_;
  std::unique_ptr<TokenSource> source_;         ///< made on the stage's own thread at its first job
  std::optional<OutcomeMessage> last_outcome_;  ///< sent again when the same job is ordered again
};

}  // namespace blue::actors
