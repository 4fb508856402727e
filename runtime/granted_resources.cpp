// What a runtime runs with, as one line for the user.
#include "runtime/runtime.h"

namespace blue::runtime {

std::string to_text(const GrantedResources& granted) {
  std::string text = granted.device + "; vram " + blue::to_text(granted.vram) + ", ram " +
                     (granted.ram ? blue::to_text(*granted.ram) : "unused") + ", policy " +
                     std::string(actors::to_text(granted.policy));
  if (granted.n_threads > 0)
    text += ", " + std::to_string(granted.n_threads) +
            (granted.n_threads == 1 ? " thread" : " threads");
  return text;
}

}  // namespace blue::runtime
