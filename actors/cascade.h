// Cascade: one run. It owns the run's log and Thinking Buffer (in its policy, CascadeRun), asks the
// scheduler for one stage after the other, and reports to the application what was written. The
// supervisor ends it after its run_done.
// Depends on actors/. Threads: its own. When it dies its run ends with an error; what was committed
// stays in the log.
#pragma once

#include <optional>

#include "actors/cascade/cascade_run.h"
#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class Cascade final : public PinnedActor<CascadeHandle> {
 public:
  Cascade(caf::actor_config& config, ActorHost& host, RunTable& runs, StageChannels& channels,
          messages::RunNumber run);
  Behavior make_behavior() override;

 private:
  void begin();
  void go_on();
  void report_resumed();
  void ask_for(const CascadeRun::StageToRun& next);
  void stage_done(const messages::StageDone& result);
  void stage_preempted(const messages::StagePreempted& preempted);
  void stage_failed(const messages::StageFailed& failed);
  /// `not_streamed`: the part of the slot's text that the application has not read from the ring.
  void report_written(std::uint32_t stage, messages::JobText not_streamed,
                      const messages::StageFigures& figures);
  void finish(messages::Outcome outcome, ErrorKind kind, const std::string& error);
  void fail(const Error& error) {
    finish(messages::Outcome::failed, error.kind(), error.message());
  }
  template <class Message>
  void report(Message message) {
    if constexpr (requires { message.run; }) message.run = run_;
    this->send(book().get(&Addresses::application), std::move(message));
  }
  /// Is this the end of the job that the cascade waits for?
  [[nodiscard]] bool is_awaited(const messages::JobKey& key) const {
    return pending_ && pending_->spec.key.job == key.job;
  }

  RunTable& runs_;
  StageChannels& channels_;
  const messages::RunNumber run_;
  std::optional<CascadeRun> policy_;
  std::optional<messages::StageReady> pending_;  ///< asked for, not ended
  bool is_over_ = false;
};

}  // namespace blue::actors
