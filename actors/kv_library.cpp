#include "actors/kv_library.h"

#include <utility>

namespace blue::actors {

KvLibrary::KvLibrary(caf::actor_config& config, ActorHost& host, KvCacheStore& store)
    : PinnedActor(config, host, ActorKind::kv_library, "kv"), store_(store) {}

KvLibrary::Behavior KvLibrary::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::SaveKv& order) {
        messages::KvSaved saved;
        auto snapshot = store_.take(order.snapshot);
        if (snapshot == nullptr) {
          saved.error = "snapshot '" + order.name + "': no snapshot of this number";
          return saved;
        }
        const Bytes size{snapshot->rows.size()};
        if (!store_.keep(order.name, std::move(snapshot))) {
          saved.error = "snapshot '" + order.name + "' has " + to_text(size) +
                        ", more than the library may hold; grant more with kv_budget";
        }
        return saved;
      }),
      on([this](const messages::LoadKv& order) {
        messages::KvLoaded loaded;
        auto snapshot = store_.find(order.name, order.fingerprint);
        if (snapshot != nullptr) loaded.snapshot = store_.hand_over(std::move(snapshot));
        return loaded;
      }),
  };
}

}  // namespace blue::actors
