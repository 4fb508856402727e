// TierArena: allocates ranges of one byte range by offset. First fit over a free list kept in
// offset order, so that neighbours coalesce when they are freed. It never touches the bytes: the
// range may be VRAM.
// Depends on base and memory/tiers/block.h (alignment). Threads: its owner's alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "memory/tiers/block.h"

namespace blue::memory {

class TierArena {
 public:
  /// A range of `size` bytes, all free; rounded down to kTensorAlignment.
  explicit TierArena(Bytes size);

  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  /// The offset of a free range of `size` bytes rounded up to kTensorAlignment (a zero size counts
  /// as one unit); nothing when no single hole is large enough.
  [[nodiscard]] std::optional<std::uint64_t> take(Bytes size);

  /// Frees a range from take(size); a bug when any of it is free already.
  void give_back(std::uint64_t offset, Bytes size);

  /// What a block of `size` occupies.
  [[nodiscard]] static Bytes occupied(Bytes size);

  [[nodiscard]] Bytes size() const { return size_; }
  [[nodiscard]] Bytes free_bytes() const { return free_bytes_; }
  [[nodiscard]] Bytes largest_hole() const;
  /// Free ranges in offset order, no two adjacent.
  [[nodiscard]] const std::vector<Range>& holes() const { return holes_; }

 private:
  Bytes size_;
  Bytes free_bytes_;
  std::vector<Range> holes_;
};

}  // namespace blue::memory
