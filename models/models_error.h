// The errors of models, and who acts on each. Depends on base/error.h alone.
#pragma once

#include <cstddef>

#include "base/error.h"

namespace blue::models {

/// Names from files are cut to so many bytes in messages.
inline constexpr std::size_t kNameShown = 80;

enum class ModelsError {
  /// No such file, a directory, not allowed, not readable: the user names another path.
  cannot_open,
  /// Not a GGUF file: the user names another file.
  bad_magic,
  /// GGUF of another version or byte order: the user converts the file.
  unsupported_version,
  /// The file contradicts itself: the user replaces it.
  malformed,
  /// The file ends before what its header announces: the user downloads it again.
  truncated,
  /// No architecture of that name in this program: the user takes another model.
  unknown_architecture,
  /// A key is absent or of another type: the user converts the model again.
  missing_key,
  /// A tensor that the architecture needs is absent: the user replaces the file.
  missing_tensor,
  /// A tensor's dims or a hyper-parameter do not fit: the user replaces the file.
  bad_shape,
  /// This program lacks a weight format or a variant: the user takes another file.
  unsupported_format,
  /// Tier 0 is smaller than what a step holds at once: the user gives it more.
  budget_too_small,
  /// The prompt does not fit the context: the user shortens it or asks for a larger context.
  prompt_too_long,
  /// Generation has filled the context: the caller ends the run or starts another.
  context_full,
  /// A sampling field is outside its range: the user corrects it.
  bad_sampling,
  /// An id outside the vocabulary: the caller corrects its input.
  bad_token,
  /// The work was stopped.
  stopped,
};

constexpr std::string_view error_domain(ModelsError) { return "models"; }

constexpr ErrorKind error_kind(ModelsError code) {
  switch (code) {
    case ModelsError::context_full: return ErrorKind::exhausted;
    case ModelsError::stopped: return ErrorKind::cancelled;
    case ModelsError::cannot_open:
    case ModelsError::bad_magic:
    case ModelsError::unsupported_version:
    case ModelsError::malformed:
    case ModelsError::truncated:
    case ModelsError::unknown_architecture:
    case ModelsError::missing_key:
    case ModelsError::missing_tensor:
    case ModelsError::bad_shape:
    case ModelsError::unsupported_format:
    case ModelsError::budget_too_small:
    case ModelsError::prompt_too_long:
    case ModelsError::bad_sampling:
    case ModelsError::bad_token: return ErrorKind::bad_input;
  }
  return ErrorKind::failed;
}

}  // namespace blue::models
