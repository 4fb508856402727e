// Scheduler (HCAL): owns the placement of work on the device and the consuming end of the hint
// ring. Stages that are ready wait here for their turn; hints make it prefetch the next stage's
// model.
// Depends on actors/. Threads: its own, on a performance core. Its state is rebuilt after a restart
// from what the cascades say again.
#pragma once

#include <deque>
#include <set>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/scheduling/dispatch_queue.h"

namespace blue::actors {

class Scheduler final : public PinnedActor<SchedulerHandle> {
 public:
  Scheduler(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;

 private:
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
  template <class Outcome>
  void forward(const Outcome& outcome);

  DispatchQueue queue_;
  std::uint64_t running_incarnation_ = 0;
  std::deque<messages::RunNumber> submitted_;
  std::set<messages::RunNumber> open_runs_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
