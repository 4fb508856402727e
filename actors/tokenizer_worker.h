// TokenizerWorker: owns the vocabularies that are asked for, and turns text into ids and back, off
// the stages' cores.
// Depends on actors/. Threads: its own. After a restart vocabularies are opened again as they are
// asked for.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class TokenizerWorker final : public PinnedActor<TokenizerHandle> {
 public:
  TokenizerWorker(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;
};

}  // namespace blue::actors
