// PinnedActor: an actor of this program: traced, on its own pinned and named thread, listed in the
// runtime's threads. A shell derives from it, calls bind_thread() as the first act of make_behavior
// (which runs on the actor's own thread), and keeps its policy as a member. Depends on
// actors/runtime_context.h, messages/traced.h. Threads: the actor's.
#pragma once

#include <caf/actor_system.hpp>
#include <string>
#include <utility>

#include "actors/runtime_context.h"
#include "messages/traced.h"

namespace blue::actors {

/// Pins and names the calling thread and lists it. Refusals are logged once; the actor runs
/// unpinned then.
ActorThread bind_this_thread(RuntimeContext& runtime, ActorKind kind, const std::string& name);

template <class Interface>
class PinnedActor : public messages::TracedActor<Interface> {
 public:
  PinnedActor(caf::actor_config& config, RuntimeContext& runtime, ActorKind kind,
              const std::string& name)
      : messages::TracedActor<Interface>(config, runtime.traces, name, std::string(to_text(kind))),
        runtime_(runtime),
        kind_(kind),
        name_(name) {}

  void on_exit() override { runtime_.threads.leave(thread_.thread_id, name_); }

 protected:
  void bind_thread() { thread_ = bind_this_thread(runtime_, kind_, name_); }

  [[nodiscard]] RuntimeContext& runtime() { return runtime_; }
  [[nodiscard]] const AddressBook& book() const { return runtime_.book; }
  [[nodiscard]] const std::string& actor_name() const { return name_; }

 private:
  RuntimeContext& runtime_;
  ActorKind kind_;
  std::string name_;
  ActorThread thread_;
};

/// Spawns as the runtime's mode says. `spawner`: an actor system, or an actor.
template <class Actor, class Spawner, class... Args>
auto spawn_pinned(Spawner& spawner, RuntimeContext& runtime, Args&&... args) {
  runtime.threads.expect();
  if (runtime.options.spawn == SpawnMode::detached) {
    return spawner.template spawn<Actor, caf::detached>(runtime, std::forward<Args>(args)...);
  }
  return spawner.template spawn<Actor>(runtime, std::forward<Args>(args)...);
}

}  // namespace blue::actors
