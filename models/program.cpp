#include "models/program.h"

#include "models/arch.h"
#include "models/gguf/gguf_parser.h"
#include "models/models_error.h"

namespace blue::models {

namespace {}  // namespace

Bytes weight_bytes(const Program& program) {
  Bytes total;
  for (const BlockPlan& block : program.blocks) total += block.size;
  return total;
}

Result<Program> compile_program(const GgufFile& file) {
  BLUE_TRY_ASSIGN(const std::string_view wanted, file.require_text("general.architecture"));
  std::string known;
  for (const Arch* arch : registered_archs()) {
    if (arch->name == wanted) return arch->compile(file);
    known += (known.empty() ? "" : ", ") + std::string(arch->name);
  }
  return Error(ModelsError::unknown_architecture,
               file.path() + ": unknown architecture '" + printable(wanted, kNameShown) +
                   "' (general.architecture); this build knows " + known);
}

}  // namespace blue::models
