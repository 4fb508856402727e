// For C++ programs that embed the runtime and have actors of their own: the actor system, and the
// actor that takes requests.
//   caf::scoped_actor self(runtime::actor_system(*runtime));
//   messages::GenerateText order;
//   order.spec.model = ...; order.spec.prompt = ...; order.spec.max_tokens = 64;
//   self->request(runtime::application(*runtime), std::chrono::minutes(5), order).receive(
//       [](const messages::GeneratedText& reply) { ... }, [](const caf::error&) { ... });
// Depends on actors/ and CAF. Drop every handle before the runtime is shut down: a handle keeps its
// actor's thread alive.
#pragma once

#include "actors/actor_runtime.h"
#include "actors/handles.h"
#include "runtime/runtime.h"

namespace blue::runtime {

/// A bug after shutdown().
inline caf::actor_system& actor_system(Runtime& runtime) {
  return runtime.actor_runtime().system();
}

/// Handles generate_text and answers generated_text; empty after shutdown().
inline actors::ApplicationHandle application(Runtime& runtime) {
  return runtime.actor_runtime().context().book.get(&actors::Addresses::application);
}

/// Stamps a message as the root of a new trace, for actors that do not derive from
/// messages::TracedActor.
template <messages::ListedMessage Message>
Message as_root(Runtime& runtime, Message message) {
  if (runtime.actor_runtime().context().traces.is_on()) message.trace = child_of(TraceContext{});
  return message;
}

}  // namespace blue::runtime
