// How a block is cut into pieces that a mover reads and copies: runs that are one stretch of a file
// each. Extents that lie behind each other in the file as in the block become one run, the padding
// between them with them.
// Depends on memory/tiers/block.h. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/tiers/block.h"

namespace blue::memory {

/// Cuts fall on multiples of this in the file where they can, so that direct reads of what follows
/// start aligned.
inline constexpr std::uint64_t kFileCut = 4096;

/// Bytes [begin, end) of a block: the first n_read of them come from the file, the rest is padding.
struct BlockSegment {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t n_read = 0;  ///< bytes; small gaps between coalesced extents are read along
  std::uint32_t file = 0;
  std::uint64_t file_offset = 0;
  bool is_cut = false;  ///< shorter than it might be, so that the next starts at a kFileCut

  [[nodiscard]] std::uint64_t size() const { return end - begin; }
};

/// The segment that starts at `begin` (below the block's size), of at most `most` bytes (> 0).
[[nodiscard]] BlockSegment next_segment(const Block& block, std::uint64_t begin,
                                        std::uint64_t most);

/// Bytes of the next of several reads of `left` bytes in all from `offset`: about `most`, all of a
/// size rather than a short one at the end, cut at multiples of kFileCut where that is possible.
[[nodiscard]] std::uint64_t read_size(std::uint64_t offset, std::uint64_t left, std::uint64_t most);

/// Zeroes what no extent covers of [begin, end), which lies at `host`, so that padding has one
/// value wherever the block lies.
void zero_padding(const Block& block, std::uint64_t begin, std::uint64_t end, std::byte* host);

}  // namespace blue::memory
