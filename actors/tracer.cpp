#include "actors/tracer.h"

#include <chrono>

namespace blue::actors {
namespace {
/// An actor that left a span every 20 µs would fill a ring of 16384 in three of these.
constexpr std::chrono::milliseconds kDrainEvery{100};
}  // namespace

Tracer::Tracer(caf::actor_config& config, Fabric& fabric)
    : PinnedActor(config, fabric, ActorKind::tracer, "tracer") {}

Tracer::Behavior Tracer::make_behavior() {
  bind_thread();
  poll_later();
  return {
      on([this](const messages::FlushTraces&) {
        fabric().trace_store.drain(fabric().traces);
        messages::TracesFlushed flushed;
        flushed.n_spans = fabric().trace_store.n_taken();
        flushed.n_dropped = fabric().traces.dropped() + fabric().trace_store.n_beyond();
        return flushed;
      }),
      on([this](const messages::PollTraces&) {
        fabric().trace_store.drain(fabric().traces);
        poll_later();
      }),
  };
}

void Tracer::poll_later() {
  if (!fabric().traces.is_on()) return;
  send_after(TracerHandle(this), kDrainEvery, messages::PollTraces{});
}

}  // namespace blue::actors
