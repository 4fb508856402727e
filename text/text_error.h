// What text refuses, and what the user does about it. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::text {

enum class TextError {
  missing_key,            ///< a key is absent or of another type: the user converts the model again
  malformed,              ///< the vocabulary contradicts itself: the user replaces the file
  unsupported_tokenizer,  ///< no vocabulary, or one of another kind: the user feeds ids or takes
                          ///< another model
  text_too_long,          ///< the text is over the tokenizer's limit: the user shortens it
  bad_template,  ///< a chat template this program cannot run: the user gives another template
  bad_message,   ///< the template refuses the messages: the caller changes them
};

constexpr std::string_view error_domain(TextError) { return "text"; }

constexpr ErrorKind error_kind(TextError code) {
  switch (code) {
    case TextError::missing_key:
    case TextError::malformed:
    case TextError::unsupported_tokenizer:
    case TextError::text_too_long:
    case TextError::bad_template:
    case TextError::bad_message: return ErrorKind::bad_input;
  }
  return ErrorKind::failed;
}

}  // namespace blue::text
