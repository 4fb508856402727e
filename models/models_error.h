// What models refuse, and who does what about it. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::models {

enum class ModelsError {
  cannot_open,  ///< no such file, a directory, not allowed, not readable: the user names another path
  bad_magic,    ///< not a GGUF file: the user names another file
  unsupported_version,  ///< GGUF of another version or byte order: the user converts the file
  malformed,            ///< the file contradicts itself: the user replaces it
  truncated,            ///< the file ends before what it promises: the user downloads it again
  unknown_architecture,  ///< no architecture of that name in this program: the user takes another model
  missing_key,           ///< a key is absent or of another type: the user converts the model again
  missing_tensor,        ///< a tensor the architecture needs is absent: the user replaces the file
  bad_shape,  ///< a tensor's dims or a hyper-parameter do not fit: the user replaces the file
  unsupported_format,  ///< no such weight format in this program: the user takes another quantisation
  prompt_too_long,  ///< the prompt does not fit the context: the user shortens it or asks for a larger context
  context_full,  ///< generation has filled the context: the caller ends the run or starts another
  bad_sampling,  ///< a sampling field is outside its range: the user mends it
  bad_token,     ///< an id outside the vocabulary: the caller mends its input
  stopped,       ///< the work was told to stop
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
    case ModelsError::prompt_too_long:
    case ModelsError::bad_sampling:
    case ModelsError::bad_token: return ErrorKind::bad_input;
  }
  return ErrorKind::failed;
}

}  // namespace blue::models
