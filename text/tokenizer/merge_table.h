// MergeTable: the ranked merges of a byte-level BPE vocabulary, by the two tokens that merge. An
// open-addressing table. Depends on base, text/tokenizer/vocabulary.h. Immutable after
// construction; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/tokenizer/merge_queue.h"
#include "text/tokenizer/vocabulary.h"

namespace blue::text {

class MergeTable {
 public:
  static constexpr std::string_view kKey = "tokenizer.ggml.merges";

  /// From `tokenizer.ggml.merges`. Skips merges of or into text that is no token, and those that
  /// are not two parts: they can never apply. Errors: missing_key; malformed (too many merges).
  static Result<MergeTable> from_metadata(const Metadata& metadata, const Vocabulary& vocabulary);

  [[nodiscard]] MergeQueue::Merge find(TokenId left, TokenId right) const {
    return entries_[place(key_of(left, right))].merge;
  }

  [[nodiscard]] std::size_t n_skipped() const { return n_skipped_; }
  /// One line for people: how many merges were skipped, and the first.
  [[nodiscard]] std::string skipped_note() const;

 private:
  friend class MergeReader;
  struct Entry {
    std::uint64_t key = kNoKey;
    MergeQueue::Merge merge;
  };
  static constexpr std::uint64_t kNoKey = ~std::uint64_t{0};

  explicit MergeTable(std::size_t n_merges);

  static std::uint64_t key_of(TokenId left, TokenId right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }
  [[nodiscard]] std::size_t first_place(std::uint64_t key) const {
    std::uint64_t mixed = key * 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9U;
    return (mixed >> 32) & (entries_.size() - 1);
  }
  [[nodiscard]] std::size_t place(std::uint64_t key) const {
    std::size_t at = first_place(key);
    while (entries_[at].key != key && entries_[at].key != kNoKey)
      at = (at + 1) & (entries_.size() - 1);
    return at;
  }

  std::vector<Entry> entries_;
  std::size_t n_skipped_ = 0;
  std::size_t first_skipped_ = 0;  ///< its rank
};

}  // namespace blue::text
