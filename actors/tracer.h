// Tracer: drains the actors' span rings into the runtime's trace store, often enough that none runs
// over, and counts what was lost. Depends on actors/. Threads: its own; with tracing off it only
// answers.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class Tracer final : public PinnedActor<TracerHandle> {
 public:
  Tracer(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;

 private:
  void poll_later();
};

}  // namespace blue::actors
