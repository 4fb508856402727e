// Scheduler (HCAL): owns the placement of work on the device and the consuming end of the hint
// ring. Ready jobs wait here for their turn; a hint makes it prefetch the next stage's model; it
// unloads models, since only it knows whether a job uses one.
// Depends on actors/. Threads: its own, on a performance core. Its state is rebuilt after a restart
// from the messages that cascades and supervisor repeat.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/scheduling/dispatch_queue.h"

namespace blue::actors {

class Scheduler final : public PinnedActor<SchedulerHandle> {
 public:
  Scheduler(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;

 private:
  using UnloadPromise = messages::Promise<messages::ModelUnloaded>;
  /// Each open run costs a thread for its cascade.
  static constexpr std::size_t kMaxOpenRuns = 16;

  void dispatch();
  void fail_running(std::uint64_t incarnation, const messages::StageLost& lost);
  void take_hint(const messages::HintRecord& hint);
  std::size_t drain_hints();
  void poll();
  void begin_polling();
  void begin_runs();
  void cancel(const messages::CancelRun& order);
  void stop_running(messages::RunNumber run);
  /// In scheduler_unload.cpp: every stage releases the model, then the tiering actor evicts its
  /// blocks, then registry and KV library forget it. No job begins meanwhile.
  [[nodiscard]] UnloadPromise unload(const messages::UnloadModel& order);
  [[nodiscard]] std::string reason_to_keep(const std::string& model) const;
  void released();
  void evict_blocks();
  void end_unload(const std::string& error);
  template <class Outcome>
  void forward(const Outcome& outcome);

  struct Unload {
    std::string path;
    std::shared_ptr<const LoadedModel> model;
    UnloadPromise promise;
    std::size_t n_awaited = 0;  ///< stages that have not answered yet
  };

  RuntimeContext& runtime_;
  DispatchQueue queue_;
  std::optional<Unload> unload_;
  std::uint64_t running_incarnation_ = 0;
  std::deque<messages::RunNumber> submitted_;
  std::set<messages::RunNumber> open_runs_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
