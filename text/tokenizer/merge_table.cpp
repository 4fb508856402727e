#include "text/tokenizer/merge_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>

#include "text/tokenizer/byte_spelling.h"

namespace blue::text {

MergeTable::MergeTable(std::size_t n_merges) : entries_(std::bit_ceil(2 * n_merges + 2)) {}

std::string MergeTable::skipped_note() const {
  return "merges: " + std::to_string(n_skipped_) +
         " of tokens that the vocabulary does not have are skipped, the first at rank " +
         std::to_string(first_skipped_);
}

/// Reads a batch of merges in steps; each step prefetches what the next one reads from scattered
/// memory. One by one, a hundred thousand merges would wait for memory half a million times.
class MergeReader {
 public:
  static constexpr std::size_t kMost = 64;

  MergeReader(const Vocabulary& vocabulary, MergeTable& table)
      : vocabulary_(vocabulary), table_(table) {}

  void read(std::span<const std::string_view> merges, std::size_t first_rank) {
    bytes_.clear();
    for (std::size_t i = 0; i < merges.size(); ++i) spell(merges[i], merges_[i]);
    for (std::size_t i = 0; i < merges.size(); ++i) {
      for (const Part* part : {&merges_[i].left, &merges_[i].right}) {
        const TokenId token = vocabulary_.by_text().likely(part->hash);
        __builtin_prefetch(vocabulary_.piece(token).data());
      }
    }
    for (std::size_t i = 0; i < merges.size(); ++i) look_up(merges_[i]);
    for (std::size_t i = 0; i < merges.size(); ++i) put(first_rank + i, merges_[i]);
  }

 private:
  struct Part {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::uint64_t hash = 0;
  };
  struct Spelled {
    Part left;
    Part right;
    std::uint64_t key = 0;
    TokenId token = kNoToken;
    bool is_skipped = false;
  };

  [[nodiscard]] std::string_view text_of(const Part& part) const {
    return {bytes_.data() + part.begin, part.size};
  }

  void spell(std::string_view merge, Spelled& out) {
    out = {};
    const std::size_t space = merge.find(' ', 1);
    const auto append = [&](std::string_view written, Part& part) {
      part.begin = bytes_.size();
      if (!append_spelled_bytes(written, bytes_)) return false;
      part.size = bytes_.size() - part.begin;
      part.hash = TextIndex::hash(text_of(part));
      vocabulary_.by_text().prefetch(part.hash);
      return part.size > 0;
    };
    out.is_skipped = space == std::string_view::npos || !append(merge.substr(0, space), out.left) ||
                     !append(merge.substr(space + 1), out.right);
  }

  void look_up(Spelled& merge) {
    if (merge.is_skipped) return;
    const std::string_view joined(bytes_.data() + merge.left.begin,
                                  merge.left.size + merge.right.size);
    const TokenId left = vocabulary_.find_text(text_of(merge.left), merge.left.hash);
    const TokenId right = vocabulary_.find_text(text_of(merge.right), merge.right.hash);
    // In most files the tokens are in the order of the merges that make them.
    merge.token = vocabulary_.is_found(next_token_) && vocabulary_.piece(next_token_) == joined
                      ? next_token_
                      : vocabulary_.find_text(joined);
    // Text never merges into a token that ends a text, even where a merge gives one.
    const bool ends_text =
        merge.token == kNoToken && vocabulary_.is_markup(vocabulary_.find_special(joined));
    merge.is_skipped =
        left == kNoToken || right == kNoToken || (merge.token == kNoToken && !ends_text);
    if (merge.is_skipped) return;
    next_token_ = merge.token + 1;
    merge.key = MergeTable::key_of(left, right);
    __builtin_prefetch(&table_.entries_[table_.first_place(merge.key)]);
  }

  /// Of two equal merges the first counts.
  void put(std::size_t rank, const Spelled& merge) {
    if (merge.is_skipped && table_.n_skipped_++ == 0) table_.first_skipped_ = rank;
    if (merge.is_skipped || merge.token == kNoToken) return;
    MergeTable::Entry& entry = table_.entries_[table_.place(merge.key)];
    if (entry.key == MergeTable::kNoKey)
      entry = {merge.key, {static_cast<std::uint32_t>(rank), merge.token}};
  }

  const Vocabulary& vocabulary_;
  MergeTable& table_;
  std::vector<char> bytes_;
  std::array<Spelled, kMost> merges_;
  TokenId next_token_ = kNoToken;
};

Result<MergeTable> MergeTable::from_metadata(const Metadata& metadata,
                                             const Vocabulary& vocabulary) {
  BLUE_TRY_ASSIGN(const std::vector<std::string_view> merges, metadata.expect_texts(kKey));
  if (merges.size() >= std::numeric_limits<std::uint32_t>::max()) {
    return Error(TextError::malformed, metadata.path() + ": key \"" + std::string(kKey) +
                                           "\" holds " + std::to_string(merges.size()) +
                                           " merges, which are too many");
  }
  MergeTable table(merges.size());
  MergeReader reader(vocabulary, table);
  const std::span<const std::string_view> all(merges);
  for (std::size_t rank = 0; rank < all.size(); rank += MergeReader::kMost) {
    reader.read(all.subspan(rank, std::min(MergeReader::kMost, all.size() - rank)), rank);
  }
  return table;
}

}  // namespace blue::text
