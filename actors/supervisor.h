// Supervisor: owns the tree. It starts every other actor, watches them, restarts those whose state
// can be rebuilt, ends the run of those whose state can't, and ends them all when it ends.
// Depends on actors/. Threads: its own. When it dies the whole runtime ends: the event queue wakes
// every waiting thread.
#pragma once

#include <caf/actor.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/scheduling/restart_policy.h"

namespace blue::actors {

class Supervisor final : public PinnedActor<SupervisorHandle> {
 public:
  Supervisor(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;
  void on_exit() override;

 private:
  /// One actor of the tree: how to end it, and how to start it again.
  struct Child {
    ActorKind kind{};
    std::string name;
    std::function<void()> end;
    std::function<void()> start;
  };

  /// Starts an actor, writes its address, watches it. `place(addresses, handle)` puts the handle
  /// into the book.
  template <class Actor, class Place, class... Args>
  void spawn_child(ActorKind kind, const std::string& name, Place place, Args... args);
  void spawn_all();
  void spawn_tiers();
  void spawn_stage(messages::StageId stage_id);
  void spawn_cascade(messages::RunNumber run);
  [[nodiscard]] Status spawn_stages_of(const RunPlan& plan);
  /// Asked before an actor is spawned: the actor system has no way to report a refused thread.
  [[nodiscard]] Status can_spawn(std::size_t n);

  void open_run(messages::RunNumber run);
  [[nodiscard]] Status open_generation(messages::JobSpec job);
  void child_down(const std::string& name, const std::string& why);
  void restart_lost_job(const Child& child, const std::string& why);
  void after_restart(ActorKind kind);
  void end_run(messages::RunNumber run, const Error& error);
  void close_run(const messages::RunDone& ended);

  RuntimeContext& runtime_;
  std::map<std::string, Child> children_;  ///< by name
  std::map<messages::StageId, std::uint64_t> incarnations_;
  std::map<messages::RunNumber, messages::StageReady>
      generations_;  ///< open ones, for a restarted scheduler
  std::set<messages::RunNumber> open_runs_;
  RestartPolicy policy_;
  messages::DownWatch watch_;
};

}  // namespace blue::actors
