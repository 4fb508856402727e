#include "models/tokenizer/merge_table.h"

#include <bit>
#include <limits>

#include "models/tokenizer/byte_spelling.h"

namespace blue::models {

MergeTable::MergeTable(std::size_t n_merges) : entries_(std::bit_ceil(2 * n_merges + 2)) {}

Result<MergeTable> MergeTable::from_gguf(const GgufFile& file, const Vocabulary& vocabulary) {
  BLUE_TRY_ASSIGN(const std::vector<std::string_view> merges, file.require_texts(kKey));
  const auto malformed = [&](std::size_t rank, const std::string& what) {
    return Error(ModelsError::malformed, file.path() + ": key \"" + std::string(kKey) + "\": merge " +
                                             std::to_string(rank) + " " + what + "; convert the model again");
  };
  if (merges.size() >= std::numeric_limits<std::uint32_t>::max())
    return malformed(merges.size(), "is one too many");
  MergeTable table(merges.size());
  std::vector<char> bytes;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string_view merge = merges[rank];
    const std::size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size())
      return malformed(rank, "is not two parts with a space between");
    bytes.clear();
    const bool is_left_spelled = append_spelled_bytes(merge.substr(0, space), bytes);
    const std::size_t left_size = bytes.size();
    if (!is_left_spelled || !append_spelled_bytes(merge.substr(space + 1), bytes)) {
      return malformed(rank, "holds a character that stands for no byte");
    }
    const std::string_view joined(bytes.data(), bytes.size());
    const TokenId left = vocabulary.find_text(joined.substr(0, left_size));
    const TokenId right = vocabulary.find_text(joined.substr(left_size));
    const TokenId token = vocabulary.find_text(joined);
    // Text never merges into what ends a text, whatever the list says.
    if (token == kNoToken && vocabulary.is_markup(vocabulary.find_special(joined))) continue;
    if (left == kNoToken || right == kNoToken || token == kNoToken) {
      return malformed(rank, "is of or into text that is no token of the vocabulary");
    }
    const std::uint64_t key = key_of(left, right);
    Entry& entry = table.entries_[table.place(key)];
    if (entry.key == kNoKey)
      entry = {key, {static_cast<std::uint32_t>(rank), token}};  // of two equal merges the first counts
  }
  return table;
}

}  // namespace blue::models
