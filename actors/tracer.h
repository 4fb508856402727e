// Tracer: drains the actors' span rings into the runtime's trace store, often enough that none
// overflows. Depends on actors/. Threads: its own; with tracing off it only answers.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class Tracer final : public PinnedActor<TracerHandle> {
 public:
  Tracer(caf::actor_config& config, ActorHost& host, TraceStore& store);
  Behavior make_behavior() override;

 private:
  void poll_later();

  TraceHub& hub_;
  TraceStore& store_;
};

}  // namespace blue::actors
