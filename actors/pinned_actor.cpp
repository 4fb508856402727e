#include "actors/pinned_actor.h"

#include <unistd.h>

#include "hal/affinity.h"

namespace blue::actors {

ActorThread bind_this_thread(RuntimeContext& runtime, ActorKind kind, const std::string& name) {
  ActorThread thread{name, kind, static_cast<int>(gettid()), Placement::kAnywhere};
  if (runtime.options.spawn == SpawnMode::detached) {
    const int cpu = runtime.options.placement.cpu_of(kind);
    if (cpu != Placement::kAnywhere) {
      auto pin = hal::ThreadPin::to_cpu(cpu);
      if (pin) {
        pin->keep();  // the thread ends with its actor
        thread.cpu = cpu;
      } else {
        runtime.log.write_once(LogLevel::warning,
                               "actor " + name + " runs unpinned: " + pin.error().message());
      }
    }
    const Status named = hal::name_thread("blue." + name);
    if (!named) runtime.log.write_once(LogLevel::debug, named.error().message());
  }
  runtime.threads.bind(thread);
  return thread;
}

}  // namespace blue::actors
