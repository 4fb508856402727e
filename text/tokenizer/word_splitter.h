// WordSplitter: cuts text into the words that byte-level BPE never merges across, by the regular
// expressions of a pre-tokenizer (PCRE2, with its JIT where there is one). Depends on base; PCRE2
// stays in the .cpp. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_error.h"
#include "text/tokenizer/pre_tokenizers.h"

namespace blue::text {

class WordSplitter {
 public:
  /// Errors: unsupported_tokenizer when the machine's PCRE2 cannot read an expression.
  static Result<WordSplitter> create(const PreTokenizer& pre);

  WordSplitter(WordSplitter&&) noexcept;
  WordSplitter& operator=(WordSplitter&&) noexcept;
  ~WordSplitter();

  /// Appends the words of `text`: together they are the text, none is empty. A run of bytes that
  /// are no UTF-8 is a word.
  /// Errors: text_too_long when PCRE2 fails (its match limit grows with the text, so that only
  /// memory ends it).
  Status split(std::string_view text, std::vector<std::string_view>& out) const;

 private:
  struct Steps;
  explicit WordSplitter(std::unique_ptr<const Steps> steps);
  std::unique_ptr<const Steps> steps_;
};

}  // namespace blue::text
