// KvLibrary: owns the KV snapshots: keeps what stages lay down for it, and hands it back under its
// name if the model is the same.
// Depends on actors/. Threads: its own. The snapshots lie on the runtime's registry, so a restart
// loses none.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class KvLibrary final : public PinnedActor<KvLibraryHandle> {
 public:
  KvLibrary(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;
};

}  // namespace blue::actors
