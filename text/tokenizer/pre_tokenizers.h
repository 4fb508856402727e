// The pre-tokenizers of byte-level BPE, by the names that `tokenizer.ggml.pre` gives them: one
// table, the one place to touch for another. Depends on the standard library alone. Constants; any
// thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace blue::text {

struct PreTokenizer {
  std::string_view name;
  /// Regular expressions as PCRE2 reads them. Each cuts the words that the one before made:
  /// a match is a word, and so are the bytes between matches. An expression is matched against one
  /// such word at a time, without its neighbours.
  std::span<const char* const> steps;
  /// A word that is a token becomes it, whether or not merges lead there ("ignore_merges").
  bool takes_whole_words = false;
  /// Is a text brought to Unicode's NFC before it is cut?
  bool normalizes = false;
  /// Does a text begin with BOS where the file has no `tokenizer.ggml.add_bos_token`?
  bool adds_bos = false;
};

/// Null when there is none of that name, or that other name.
const PreTokenizer* find_pre_tokenizer(std::string_view name);

/// Every name, in one line for people: "default, gpt-2, …".
std::string known_pre_tokenizers();

}  // namespace blue::text
