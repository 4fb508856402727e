#include "actors/pinned_actor.h"

#include <unistd.h>

#include <algorithm>

#include "hal/affinity.h"

namespace blue::actors {

ActorThread bind_this_thread(ActorHost& host, ActorKind kind, const std::string& name) {
  ActorThread thread{name, kind, static_cast<int>(gettid()), Placement::kAnywhere};
  if (host.spawn == SpawnMode::detached) {
    const int cpu = host.placement.cpu_of(kind);
    if (cpu != Placement::kAnywhere) {
      auto pin = hal::ThreadPin::to_cpu(cpu);
      if (pin) {
        pin->keep();  // the thread ends with its actor
        thread.cpu = cpu;
      } else {
        // Without the processor's number in front, so that one line serves all actors.
        const std::string& why = pin.error().message();
        host.log.write_once(
            LogLevel::warning,
            "actors run unpinned: " + why.substr(std::min(why.find(": ") + 2, why.size())));
      }
    }
    const Status named = hal::name_thread("blue." + name);
    if (!named) host.log.write_once(LogLevel::debug, named.error().message());
  }
  host.threads.bind(thread);
  return thread;
}

}  // namespace blue::actors
