// Session: what a shell knows between two commands: the runtime, the model and cascade at hand, the
// last run.
// Depends on runtime. Main thread. Lifetime: what it refers to outlives it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/shell/interrupts.h"
#include "runtime/runtime.h"

namespace blue::shell {

enum class ShellError {
  bad_command,  ///< no such command, or not with this argument: the user writes another
  bad_file,     ///< a file that a command needs is not there
  run_refused,  ///< a run or a generation ended over its model, prompt or cascade: the user mends it
  run_ended,    ///< ... over the machine, or a device
  run_cancelled,  ///< ... by Ctrl-C
};
constexpr std::string_view error_domain(ShellError) { return "shell"; }
constexpr ErrorKind error_kind(ShellError code) {
  switch (code) {
    case ShellError::bad_command:
    case ShellError::bad_file:
    case ShellError::run_refused: return ErrorKind::bad_input;
    case ShellError::run_ended: return ErrorKind::failed;
    case ShellError::run_cancelled: return ErrorKind::cancelled;
  }
  return ErrorKind::failed;
}

/// The name under which `set` reaches what single generations use.
inline constexpr const char* kGenerateStage = "generate";

class Session {
 public:
  Session(runtime::Runtime& runtime, Interrupts& interrupts, std::filesystem::path runs_root);

  runtime::Runtime& runtime;
  Interrupts& interrupts;
  const std::filesystem::path runs_root;
  std::vector<std::string> models;  ///< loaded here, each once, in order
  actors::CascadeSpec
      generation;        ///< one stage, kGenerateStage: model, budget and sampling of `generate`
  std::string last_run;  ///< id on disk; empty before the first
  bool wants_to_quit = false;

  [[nodiscard]] actors::StageSpec& generate_stage() { return generation.stages.front(); }
  /// The cascade at hand; the bundled one is loaded on first use. Errors: bad_cascade; bad_file
  /// when there is none.
  Result<actors::CascadeSpec*> cascade();
  Status load_cascade(const std::string& path);
  /// The cascade at hand, without loading one; null before.
  [[nodiscard]] const actors::CascadeSpec* cascade_at_hand() const {
    return cascade_ ? &*cascade_ : nullptr;
  }

 private:
  std::optional<actors::CascadeSpec> cascade_;
};

}  // namespace blue::shell
