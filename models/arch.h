// Arch: an architecture. One file each under models/arch/, defining `const Arch& arch_<file>();`;
// the registry is generated. Depends on models/program.h and the GGUF reader. Static lifetime; any
// thread.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "models/gguf/gguf_file.h"
#include "models/models_error.h"
#include "models/program.h"

namespace blue::models {

struct Arch {
  std::string_view name;  ///< `general.architecture` in the file
  /// Reads hyper-parameters and tensors and lays out the ops of one step.
  /// Errors: missing_key, missing_tensor, bad_shape, unsupported_format; the message names file,
  /// key or tensor.
  Result<Program> (*compile)(const GgufFile& file);
};

/// Every architecture in the tree, alphabetical (generated from models/arch/*.cpp).
std::span<const Arch* const> registered_archs();

/// Compiles `file` with the architecture it names. Errors: unknown_architecture listing the known
/// ones, or compile's.
Result<Program> compile_program(const GgufFile& file);

}  // namespace blue::models
