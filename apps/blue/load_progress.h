// LoadProgress: shows how much of a model lies in tier 0 while a run waits for its first text.
// Called from the loop that follows the run. Depends on runtime, apps/io/progress.h. Main thread;
// the runtime outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/io/progress.h"
#include "runtime/runtime.h"

namespace blue::apps {

class LoadProgress {
 public:
  enum class Show : std::uint8_t { progress, nothing };

  /// `target`: bytes that tier 0 will hold once all that can be is loaded.
  LoadProgress(const runtime::Runtime& runtime, Bytes target, Show show);

  /// Shows how far it is.
  void update();
  /// The work has begun, or ended: nothing is shown any more.
  void end();

 private:
  const runtime::Runtime& runtime_;
  Bytes target_;
  std::optional<io::ProgressLines> lines_;
};

/// What tier 0 holds of models of so many bytes.
Bytes load_target(const runtime::Runtime& runtime, Bytes weights);

}  // namespace blue::apps
