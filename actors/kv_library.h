// KvLibrary: keeps the KV snapshots that stages save, and returns one by its name if the model is
// the same.
// Depends on actors/. Threads: its own. The snapshots lie in the runtime's KV cache store, so a
// restart loses none.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"

namespace blue::actors {

class KvLibrary final : public PinnedActor<KvLibraryHandle> {
 public:
  KvLibrary(caf::actor_config& config, ActorHost& host, KvCacheStore& store);
  Behavior make_behavior() override;

 private:
  KvCacheStore& store_;
};

}  // namespace blue::actors
