// Charsmap: SentencePiece's compiled table of replacements (`tokenizer.ggml.precompiled_charsmap`):
// what a unigram model turns characters into before it looks for pieces, mostly Unicode's NFKC. A
// double array over bytes, then the replacements. Depends on base, text/text_error.h.
// Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_error.h"

namespace blue::text {

class Charsmap {
 public:
  struct Match {
    std::size_t size = 0;  ///< bytes that are replaced; 0: none
    std::string_view replacement;
  };

  /// Layout: u32 bytes of the array (little-endian, as all that follows), the array's u32 units,
  /// then replacements that each end with a zero byte.
  /// Errors: malformed when a length, or the begin of a replacement, is outside; `name` is what
  /// the message names.
  static Result<Charsmap> parse(std::string blob, const std::string& name);

  /// The longest beginning of `text` that has a replacement.
  [[nodiscard]] Match find(std::string_view text) const;

 private:
  Charsmap() = default;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace blue::text
