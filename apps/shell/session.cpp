#include "apps/shell/session.h"

#include <utility>

#include "runtime/assets.h"

namespace blue::shell {

Session::Session(runtime::Runtime& runtime_in, Interrupts& interrupts_in,
                 std::filesystem::path runs)
    : runtime(runtime_in), interrupts(interrupts_in), runs_root(std::move(runs)) {
  generation.name = kGenerateStage;
  generation.source = "the shell";
  generation.stages.emplace_back();
  generation.stages.front().name = kGenerateStage;
}

Result<actors::CascadeSpec*> Session::cascade() {
  if (!cascade_) {
    const auto bundled = runtime::find_asset(runtime::kDefaultCascade);
    if (!bundled) {
      return Error(
          ShellError::bad_file,
          "the bundled cascade was not found; name one: cascade FILE (or set BLUE_ASSETS)");
    }
    BLUE_TRY(load_cascade(bundled->string()));
  }
  return &*cascade_;
}

Status Session::load_cascade(const std::string& path) {
  BLUE_TRY_ASSIGN(cascade_, actors::load_cascade(path));
  return {};
}

}  // namespace blue::shell
