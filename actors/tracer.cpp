#include "actors/tracer.h"

#include <chrono>

namespace blue::actors {
namespace {
/// An actor that left a span every 20 µs would fill a ring of 16384 in three of these.
constexpr std::chrono::milliseconds kDrainEvery{100};
}  // namespace

Tracer::Tracer(caf::actor_config& config, ActorHost& host, TraceStore& store)
    : PinnedActor(config, host, ActorKind::tracer, "tracer"), hub_(host.traces), store_(store) {}

Tracer::Behavior Tracer::make_behavior() {
  bind_thread();
  poll_later();
  return {
      on([this](const messages::FlushTraces&) {
        store_.drain(hub_);
        return messages::TracesFlushed{};
      }),
      on([this](const messages::LookAgain&) {
        store_.drain(hub_);
        poll_later();
      }),
  };
}

void Tracer::poll_later() {
  if (!hub_.is_on()) return;
  send_after(TracerHandle(this), kDrainEvery, messages::LookAgain{});
}

}  // namespace blue::actors
