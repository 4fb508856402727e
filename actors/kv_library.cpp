#include "actors/kv_library.h"

#include <utility>

namespace blue::actors {

KvLibrary::KvLibrary(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::kv_library, "kv") {}

KvLibrary::Behavior KvLibrary::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::SaveKv& order) {
        messages::KvSaved saved;
        saved.name = order.name;
        auto snapshot = runtime().kv.take(order.snapshot);
        if (snapshot == nullptr) {
          saved.error = "snapshot '" + order.name + "': no snapshot of this number";
          return saved;
        }
        const std::uint64_t n_bytes = snapshot->rows.size();
        if (runtime().kv.keep(order.name, std::move(snapshot))) {
          saved.n_bytes = n_bytes;
        } else {
          saved.error = "snapshot '" + order.name + "' has " + to_text(Bytes{n_bytes}) +
                        ", more than the library may hold; grant more with kv_budget";
        }
        return saved;
      }),
      on([this](const messages::LoadKv& order) {
        messages::KvLoaded loaded;
        loaded.name = order.name;
        auto snapshot = runtime().kv.find(order.name, order.fingerprint);
        if (snapshot == nullptr) {
          loaded.error = "no snapshot '" + order.name + "' of this model";
          return loaded;
        }
        loaded.n_bytes = snapshot->rows.size();
        loaded.snapshot = runtime().kv.hand_over(std::move(snapshot));
        return loaded;
      }),
  };
}

}  // namespace blue::actors
