// PieceCheck: takes the checksums of a block's bytes as they arrive, in order, and holds each piece
// (at most kPieceBytes of one extent) against the catalog's, which come from the model's index or
// from the piece's first read.
// Depends on memory/tiers/block_catalog.h. Threads: its owner's alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/span.h"
#include "memory/tiers/block_catalog.h"

namespace blue::memory {

/// A piece whose bytes are not what they have to be.
struct BadPiece {
  std::uint32_t file = 0;
  std::uint64_t file_offset = 0;
  std::uint64_t size = 0;
};

class PieceCheck {
 public:
  /// Starts over: the next byte is the block's first.
  void begin(const Block& block);

  /// The block's next bytes. Returns the first piece among them that is bad, if one is.
  /// Bound: reads each byte once.
  [[nodiscard]] std::optional<BadPiece> take(ConstByteSpan bytes, BlockCatalog& catalog);

 private:
  [[nodiscard]] std::optional<BadPiece> end_piece(std::uint64_t end_in_extent,
                                                  BlockCatalog& catalog);

  const Block* block_ = nullptr;
  std::uint64_t at_ = 0;           ///< bytes of the block taken
  std::size_t extent_ = 0;         ///< the first that is not done
  std::uint32_t piece_ = 0;        ///< of the block
  std::uint64_t piece_begin_ = 0;  ///< in the extent
  std::uint32_t crc_ = 0;
};

}  // namespace blue::memory
