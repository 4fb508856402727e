// The one place that stamps a trace on what is sent, and the one place that opens the span when a
// handler runs. An actor derives from TracedActor<its protocol>, wraps each handler in on(...), and
// sends through send, send_urgent, send_after and ask. A type that is not in all_messages.h does
// not compile.
// Depends on messages/ and CAF. Threads: an actor's own. Lifetime: the TraceHub outlives the actor
// system.
#pragma once

#include <chrono>
#include <string>
#include <type_traits>
#include <utility>

#include "messages/all_messages.h"
#include "messages/caf_compat.h"
#include "messages/trace_scope.h"

namespace blue::messages {

namespace traced {
template <class F>
struct Signature;
template <class C, class R, class M>
struct Signature<R (C::*)(M) const> {
  using Reply = R;
  using In = std::remove_cvref_t<M>;
};
template <class C, class R, class M>
struct Signature<R (C::*)(M)> : Signature<R (C::*)(M) const> {};
}  // namespace traced

/// Wraps one handler: `handler` takes const M& and returns nothing, a reply message, or a Promise
/// of one.
template <class Handler>
auto traced_handler(TraceScope& scope, Handler handler) {
  using In = typename traced::Signature<decltype(&Handler::operator())>::In;
  using Reply = typename traced::Signature<decltype(&Handler::operator())>::Reply;
  static_assert(ListedMessage<In>, "add the message to all_messages.h");
  return [&scope, handler = std::move(handler)](const In& message) mutable -> Reply {
    if constexpr (std::is_same_v<In, LookAgain>) {
      return handler(message);
    } else {
      const TraceScope::Handling span(scope, message.trace, In::type_name);
      if constexpr (ListedMessage<Reply>) {
        Reply reply = handler(message);
        reply.trace = scope.next();
        return reply;
      } else {
        return handler(message);
      }
    }
  };
}

/// From a thread that is no actor: under the context that runs in `scope` (a new trace when none
/// does).
template <class Handle, ListedMessage M>
void send_from_outside(TraceScope& scope, const Handle& to, M message) {
  message.trace = scope.next();
  send_bare_from_outside(to, std::move(message));
}

template <class Interface>
class TracedActor : public Interface::base {
 public:
  TracedActor(caf::actor_config& config, TraceHub& hub, std::string name, std::string kind)
      : Interface::base(config), trace_scope_(hub, std::move(name), std::move(kind)) {}

 protected:
  using Base = typename Interface::base;
  using Behavior = typename Interface::behavior_type;

  [[nodiscard]] TraceScope& trace_scope() { return trace_scope_; }

  template <class Handler>
  auto on(Handler handler) {
    return traced_handler(trace_scope_, std::move(handler));
  }

  /// Sends; does nothing when `to` is empty (its actor has ended and is not yet restarted).
  template <class Handle, ListedMessage M>
  void send(const Handle& to, M message) {
    if (!to) return;
    message.trace = trace_scope_.next();
    send_bare(static_cast<Base*>(this), to, std::move(message));
  }

  /// Overtakes the messages in the receiver's mailbox.
  template <class Handle, ListedMessage M>
  void send_urgent(const Handle& to, M message) {
    if (!to) return;
    message.trace = trace_scope_.next();
    send_bare_urgent(static_cast<Base*>(this), to, std::move(message));
  }

  template <class Handle, ListedMessage M>
  void send_after(const Handle& to, std::chrono::nanoseconds delay, M message) {
    if (!to) return;
    message.trace = trace_scope_.next();
    this->delayed_send(to, delay, std::move(message));
  }

  /// Sends itself a message.
  template <ListedMessage M>
  void send_to_self(M message) {
    if constexpr (!std::is_same_v<M, LookAgain>) message.trace = trace_scope_.next();
    send_bare(static_cast<Base*>(this), Interface(this), std::move(message));
  }

  /// Requests an answer from an actor of this process; does not block. No deadline: the request to
  /// an actor that has died or dies fails at once, and a pending deadline would hold this thread at
  /// shutdown. `then(const Out&)` runs in a span of its own on an answer, `otherwise(why)` without.
  template <ListedMessage Out, class Handle, ListedMessage M, class Then, class Otherwise>
  void ask(const Handle& to, M message, Then then, Otherwise otherwise) {
    if (!to) {
      otherwise(std::string("the actor is gone"));
      return;
    }
    message.trace = trace_scope_.next();
    this->request(to, caf::infinite, std::move(message))
        .then(
            [this, then = std::move(then)](const Out& reply) mutable {
              const TraceScope::Handling span(trace_scope_, reply.trace, Out::type_name);
              then(reply);
            },
            [this, otherwise](const caf::error& why) mutable {
              otherwise(this->system().render(why));
            });
  }

  template <ListedMessage Out>
  void answer(Promise<Out>& promise, Out reply) {
    reply.trace = trace_scope_.next();
    promise.deliver(std::move(reply));
  }

 private:
  TraceScope trace_scope_;
};

}  // namespace blue::messages
