#include "memory/tiers/piece_check.h"

#include <algorithm>

#include "memory/checksum.h"

namespace blue::memory {

void PieceCheck::begin(const Block& block) {
  *this = PieceCheck();
  block_ = &block;
}

std::optional<BadPiece> PieceCheck::take(ConstByteSpan bytes, BlockCatalog& catalog) {
  std::optional<BadPiece> first;
  const std::uint64_t end = at_ + bytes.size();
  for (; extent_ < block_->extents.size(); ++extent_, piece_begin_ = 0) {
    const BlockExtent& extent = block_->extents[extent_];
    while (piece_begin_ < extent.size) {
      const std::uint64_t piece_end = std::min(piece_begin_ + kPieceBytes, extent.size);
      const std::uint64_t from = std::max(at_, extent.block_offset + piece_begin_);
      const std::uint64_t to = std::min(end, extent.block_offset + piece_end);
      if (from < to) crc_ = crc32c(bytes.subspan(from - at_, to - from), crc_);
      if (end < extent.block_offset + piece_end) {  // the rest of this piece comes later
        at_ = end;
        return first;
      }
      const std::optional<BadPiece> bad = end_piece(piece_end, catalog);
      if (!first) first = bad;
    }
  }
  at_ = end;
  return first;
}

std::optional<BadPiece> PieceCheck::end_piece(std::uint64_t end_in_extent, BlockCatalog& catalog) {
  const BlockExtent& extent = block_->extents[extent_];
  const BadPiece piece{.file = extent.file,
                       .file_offset = extent.file_offset + piece_begin_,
                       .size = end_in_extent - piece_begin_};
  const std::uint32_t known = catalog.remember_checksum(block_->id, piece_++, crc_);
  const bool is_bad = known != crc_;
  piece_begin_ = end_in_extent;
  crc_ = 0;
  return is_bad ? std::optional<BadPiece>(piece) : std::nullopt;
}

}  // namespace blue::memory
