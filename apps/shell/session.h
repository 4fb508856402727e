// Session: the state of a shell between two commands: the runtime, the current model and cascade,
// the last run. Depends on runtime. Main thread. Lifetime: the runtime and interrupts outlive it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/shell/interrupts.h"
#include "runtime/runtime.h"

namespace blue::shell {

enum class ShellError {
  bad_command,    ///< no such command, or not with this argument
  bad_file,       ///< a file that a command needs is not there
  run_refused,    ///< a run ended because of its model, prompt or cascade; the user corrects it
  run_ended,      ///< a run ended because of the machine or a device
  run_cancelled,  ///< a run ended by Ctrl-C
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

/// The stage name that `set` uses for single generations.
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
  /// The current cascade; the bundled one is loaded on first use. Errors: bad_cascade; bad_file
  /// when there is none.
  Result<actors::CascadeSpec*> cascade();
  Status load_cascade(const std::string& path);
  /// The current cascade, without loading one; null before.
  [[nodiscard]] const actors::CascadeSpec* current_cascade() const {
    return cascade_ ? &*cascade_ : nullptr;
  }

 private:
  std::optional<actors::CascadeSpec> cascade_;
};

}  // namespace blue::shell
