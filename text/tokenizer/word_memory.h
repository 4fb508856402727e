// WordMemory: the ids of the words of a text, so that a repeated word is copied instead of
// merged anew. A direct-mapped table over the ids already put out; a word that collides with
// another takes its place.
// Depends on base. One thread, for one text: it points into both the text and the ids.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "text/tokenizer/text_index.h"

namespace blue::text {

class WordMemory {
 public:
  /// For a text of so many bytes, whose ids go into `out`.
  WordMemory(std::size_t text_bytes, std::vector<TokenId>& out)
      : out_(&out),
        slots_(std::bit_ceil(std::clamp(text_bytes / kBytesPerSlot, kFewestSlots, kMostSlots))) {}

  /// Appends the ids of `word`: those of its last occurrence, or what `encode` appends.
  template <class Encode>
  void append(std::string_view word, const Encode& encode) {
    if (word.size() > kLongestWord) {
      encode();
      return;
    }
    Slot& slot = slots_[TextIndex::hash(word) & (slots_.size() - 1)];
    const std::size_t begin = out_->size();
    if (slot.n_ids != 0 && slot.word == word) {
      out_->resize(begin + slot.n_ids);
      std::copy_n(out_->begin() + static_cast<std::ptrdiff_t>(slot.begin), slot.n_ids,
                  out_->begin() + static_cast<std::ptrdiff_t>(begin));
      return;
    }
    encode();
    slot = {word, begin, out_->size() - begin};
  }

 private:
  struct Slot {
    std::string_view word;
    std::size_t begin = 0;
    std::size_t n_ids = 0;  ///< 0: empty
  };
  static constexpr std::size_t kLongestWord = 64;
  static constexpr std::size_t kBytesPerSlot = 16;
  static constexpr std::size_t kFewestSlots = 16;
  static constexpr std::size_t kMostSlots = 8192;

  std::vector<TokenId>* out_;
  std::vector<Slot> slots_;
};

}  // namespace blue::text
