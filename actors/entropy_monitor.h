// EntropyMonitor: hears every token's entropy over the desks' sample rings, tells the scheduler hints over the hint ring, and
// stops a stage whose stream has degenerated. Polls only while a stage runs.
// Depends on actors/. Threads: its own; consumer of all sample rings, producer of the hint ring. After a restart it listens
// again wherever a job runs; the statistics begin anew.
#pragma once

#include <memory>
#include <vector>

#include "actors/handles.h"
#include "actors/logic/entropy_watch.h"
#include "actors/seated_actor.h"

namespace blue::actors {

class EntropyMonitor final : public SeatedActor<EntropyMonitorHandle> {
 public:
  EntropyMonitor(caf::actor_config& config, Fabric& fabric);
  Behavior make_behavior() override;

 private:
  struct Listening {
    messages::JobNumber job = 0;  ///< 0: nobody runs at this desk
    std::unique_ptr<EntropyWatch> watch;
  };

  Listening& at(messages::DeskIndex desk);
  void begin(messages::DeskIndex desk, messages::JobNumber job, std::uint32_t max_tokens);
  void end(messages::DeskIndex desk, messages::JobNumber job);
  std::size_t drain(messages::DeskIndex desk);
  void feed(messages::DeskIndex desk, const messages::TokenSample& sample);
  void hint(messages::DeskIndex desk, const Listening& listening, HintKind kind);
  void preempt(messages::DeskIndex desk, messages::JobNumber job, Degeneration degeneration);
  void poll();
  void begin_polling();

  std::vector<Listening> listening_;  ///< by desk
  std::size_t n_running_ = 0;
  bool is_polling_ = false;
};

}  // namespace blue::actors
