#include "actors/tracer.h"

#include <chrono>

namespace blue::actors {
namespace {
/// An actor that left a span every 20 µs would fill a ring of 16384 in three of these.
constexpr std::chrono::milliseconds kDrainEvery{100};
}  // namespace

Tracer::Tracer(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::tracer, "tracer") {}

Tracer::Behavior Tracer::make_behavior() {
  bind_thread();
  poll_later();
  return {
      on([this](const messages::FlushTraces&) {
        runtime().trace_store.drain(runtime().traces);
        messages::TracesFlushed flushed;
        flushed.n_spans = runtime().trace_store.n_taken();
        flushed.n_dropped = runtime().traces.dropped() + runtime().trace_store.n_beyond();
        return flushed;
      }),
      on([this](const messages::PollTraces&) {
        runtime().trace_store.drain(runtime().traces);
        poll_later();
      }),
  };
}

void Tracer::poll_later() {
  if (!runtime().traces.is_on()) return;
  send_after(TracerHandle(this), kDrainEvery, messages::PollTraces{});
}

}  // namespace blue::actors
