// Our layer over CAF, the only place that depends on its version (0.17.6, as Debian packages it):
// protocols, sending, requests, watching, configuration. Only messages/ and actors/, and programs
// that embed, include CAF. What it uses exists in CAF 1.x too: class-based typed actors, no atoms,
// no streams, no stateful actors. Light CAF headers only: caf/all.hpp would make every file compile
// half as long again.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/replies_to.hpp>
#include <caf/send.hpp>
#include <caf/spawn_options.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "messages/fields.h"
#include "messages/message.h"

namespace blue {

/// inspect: found by argument-dependent look-up when CAF writes, reads or prints a value.
template <class Inspector, class Tag, class Number>
typename Inspector::result_type inspect(Inspector& inspector, Id<Tag, Number>& id) {
  return inspector(id.value);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& inspector, TraceContext& trace) {
  return inspector(trace.trace_high, trace.trace_low, trace.span, trace.parent, trace.sent_ns);
}

}  // namespace blue

namespace blue::messages {

template <class Inspector, Fields T>
typename Inspector::result_type inspect(Inspector& inspector, T& value) {
  return apply_fields(value, [&inspector](auto&... fields) { return inspector(fields...); });
}

/// A protocol: the typed handle of actors that handle these clauses.
template <class... Clauses>
using Protocol = caf::typed_actor<Clauses...>;
/// A clause: handles In, answers nothing.
template <Message In>
using Handles = caf::reacts_to<In>;
/// A clause: handles In, answers Out (at once or through a promise).
template <Message In, Message Out>
using Answers = typename caf::replies_to<In>::template with<Out>;

/// An answer that is given later. Deliver through TracedActor::answer.
template <Message Out>
using Promise = caf::typed_response_promise<Out>;

/// Untraced sending: for the bench, which compares with it; everything else goes through traced.h.
template <class Self, class Handle, Message M>
void send_bare(Self* self, const Handle& to, M message) {
  self->send(to, std::move(message));
}
template <class Self, class Handle, Message M>
void send_bare_urgent(Self* self, const Handle& to, M message) {
  self->template send<caf::message_priority::high>(to, std::move(message));
}
template <class Handle, Message M>
void send_bare_from_outside(const Handle& to, M message) {
  caf::anon_send(to, std::move(message));
}

/// Asks an actor to end. Not preemptive: its mailbox is emptied first, so raise its stop flag
/// before.
template <class Handle>
void send_exit_to(const Handle& to, caf::exit_reason reason = caf::exit_reason::user_shutdown) {
  caf::anon_send_exit(to, reason);
}

/// Calls back when a watched actor has ended. A member of the actor that watches; one per actor.
class DownWatch {
 public:
  using Callback = std::function<void(const std::string& why)>;

  template <class Self, class Handle>
  void watch(Self* self, const Handle& handle, Callback callback) {
    if (!is_installed_) {
      is_installed_ = true;
      self->set_down_handler([this, self](caf::down_msg& message) {
        const auto found = callbacks_.find(message.source.id());
        if (found == callbacks_.end()) return;
        const Callback call = std::move(found->second);
        callbacks_.erase(found);
        call(message.reason ? self->system().render(message.reason) : "normal");
      });
    }
    callbacks_[handle.id()] = std::move(callback);
    self->monitor(handle);
  }
  void clear() { callbacks_.clear(); }

 private:
  bool is_installed_ = false;
  std::map<caf::actor_id, Callback> callbacks_;
};

}  // namespace blue::messages
