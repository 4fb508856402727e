// ActorRuntime: the actors of one runtime: context, actor system and supervisor, and their end in
// the right order. Started by runtime/ and the tests; it opens no device and no file.
// Depends on actors/ and CAF. Threads: start, stop and destruction on one; context() from any.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/duration.hpp>
#include <memory>
#include <optional>

#include "actors/runtime_context.h"
#include "messages/system_config.h"
#include "messages/traced.h"

namespace blue::actors {

class ActorRuntime {
 public:
  /// Threads of a detached runtime without runs: eleven actors, and the actor system's worker,
  /// clock and printer.
  static constexpr std::size_t kThreads = 14;

  /// In detached mode the caller has ensured that kThreads threads can start
  /// (hal::ThreadReserve): the actor system aborts where one is refused.
  ActorRuntime(RuntimeContextOptions options, LogSink& log);
  /// stop(), unless it was called.
  ~ActorRuntime();
  ActorRuntime(const ActorRuntime&) = delete;
  ActorRuntime& operator=(const ActorRuntime&) = delete;

  /// Ends everything: stop flags first, then the tree, then its threads. Returns when no thread is
  /// left: within a second from any state, unless a token source blocks beyond its stop token.
  /// Committed slots are on the drive. Idempotent.
  void stop();

  [[nodiscard]] RuntimeContext& context() { return context_; }
  /// A bug after stop().
  [[nodiscard]] caf::actor_system& system();

  /// In cooperative mode: handles messages, one actor at a time on this thread, until none waits.
  /// Nothing in detached mode.
  void settle();

  /// Sends from a thread that is no actor, as the root of a new trace.
  template <class Handle, class Message>
  void send(const Handle& to, Message message) {
    if (!to) return;
    if (context_.traces.is_on()) message.trace = child_of(TraceContext{});
    messages::send_bare_from_outside(to, std::move(message));
  }
  template <class Handle, class Message>
  void send(Handle Addresses::*to, Message message) {
    send(context_.book.get(to), std::move(message));
  }

  /// Has the tracer drain every ring and waits for it. False when the tracer does not answer.
  bool flush_traces();
  /// Waits until the supervisor has handled what was sent to it before; nothing when it has ended.
  std::optional<messages::Pong> ping();
  /// Forgets a model, its blocks and its KV snapshots; waits for jobs that keep their stage from
  /// answering. Errors: bad_request (not loaded, or a job uses it), actor_down.
  Status unload_model(const std::string& path);

 private:
  template <class Reply, class Handle, class Message>
  std::optional<Reply> ask(const Handle& to, Message message, caf::duration patience);

  RuntimeContext context_;
  messages::SystemConfig config_;
  std::unique_ptr<caf::actor_system> system_;
};

}  // namespace blue::actors
