// PinnedActor: an actor of this program: traced, on its own pinned and named thread, listed in the
// runtime's thread table. An actor derives from it, calls bind_thread() as the first act of
// make_behavior (which runs on the actor's own thread), and keeps its policy as a member. Depends
// on actors/runtime_context.h, messages/traced.h. Threads: the actor's.
#pragma once

#include <caf/actor_system.hpp>
#include <string>
#include <utility>

#include "actors/runtime_context.h"
#include "messages/traced.h"

namespace blue::actors {

/// Pins and names the calling thread and lists it. Refusals are logged once; the actor runs
/// unpinned then.
ActorThread bind_this_thread(ActorHost& host, ActorKind kind, const std::string& name);

template <class Interface>
class PinnedActor : public messages::TracedActor<Interface> {
 public:
  PinnedActor(caf::actor_config& config, ActorHost& host, ActorKind kind, const std::string& name)
      : messages::TracedActor<Interface>(config, host.traces, name, std::string(to_text(kind))),
        host_(host),
        kind_(kind),
        name_(name) {}

  void on_exit() override { host_.threads.leave(thread_.thread_id, name_); }

 protected:
  void bind_thread() { thread_ = bind_this_thread(host_, kind_, name_); }

  [[nodiscard]] const AddressBook& book() const { return host_.book; }
  [[nodiscard]] LogSink& log() { return host_.log; }
  [[nodiscard]] const Backoff& backoff() const { return host_.backoff; }

 private:
  ActorHost& host_;
  ActorKind kind_;
  std::string name_;
  ActorThread thread_;
};

/// Spawns in the host's mode. `spawner`: an actor system, or an actor. `Context`: ActorHost,
/// or the RuntimeContext where the actor needs more of it than single parts.
template <class Actor, class Spawner, class Context, class... Args>
auto spawn_pinned(Spawner& spawner, Context& context, Args&&... args) {
  context.threads.expect();
  if (context.spawn == SpawnMode::detached) {
    return spawner.template spawn<Actor, caf::detached>(context, std::forward<Args>(args)...);
  }
  return spawner.template spawn<Actor>(context, std::forward<Args>(args)...);
}

}  // namespace blue::actors
