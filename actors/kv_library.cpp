#include "actors/kv_library.h"

#include <utility>

namespace blue::actors {

KvLibrary::KvLibrary(caf::actor_config& config, Fabric& fabric)
    : PinnedActor(config, fabric, ActorKind::kv_library, "kv") {}

KvLibrary::Behavior KvLibrary::make_behavior() {
  bind_thread();
  return {
      on([this](const messages::SaveKv& order) {
        messages::KvSaved saved;
        saved.name = order.name;
        auto parcel = fabric().kv.take(order.parcel);
        if (parcel == nullptr) {
          saved.error = "snapshot '" + order.name + "': no parcel of this number";
          return saved;
        }
        const std::uint64_t n_bytes = parcel->rows.size();
        if (fabric().kv.keep(order.name, std::move(parcel))) {
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
        auto parcel = fabric().kv.find(order.name, order.fingerprint);
        if (parcel == nullptr) {
          loaded.error = "no snapshot '" + order.name + "' of this model";
          return loaded;
        }
        loaded.n_bytes = parcel->rows.size();
        loaded.parcel = fabric().kv.hand_over(std::move(parcel));
        return loaded;
      }),
  };
}

}  // namespace blue::actors
