#include "messages/system_config.h"

#include "messages/all_messages.h"
#include "messages/caf_compat.h"

namespace blue::messages {

SystemConfig::SystemConfig(Scheduling scheduling) {
  AllMessages::for_each([this]<class M>() {
    static_assert(WireSafe<M>, "a message with a float, a pointer or an unknown type of field");
    add_message_type<M>(M::type_name);
  });
  // Our actors are detached, so CAF's own workers are idle; `sharing` sleeps where `stealing`
  // polls.
  set("scheduler.max-threads", std::size_t{1});
  if (scheduling == Scheduling::deterministic) {
    set("scheduler.policy", caf::atom("testing"));
  } else {
    set("scheduler.policy", caf::atom("sharing"));
  }
}

}  // namespace blue::messages
