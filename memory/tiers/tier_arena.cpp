#include "memory/tiers/tier_arena.h"

#include <algorithm>

#include "base/check.h"

namespace blue::memory {

TierArena::TierArena(Bytes size)
    : size_{size.count / kTensorAlignment * kTensorAlignment}, free_bytes_(size_) {
  if (size_.count > 0) holes_.push_back(Range{.offset = 0, .size = size_.count});
}

Bytes TierArena::occupied(Bytes size) {
  return round_up(std::max(size, 1_B), Bytes{kTensorAlignment});
}

std::optional<std::uint64_t> TierArena::take(Bytes size) {
  const std::uint64_t wanted = occupied(size).count;
  const auto hole =
      std::find_if(holes_.begin(), holes_.end(), [&](const Range& r) { return r.size >= wanted; });
  if (hole == holes_.end()) return std::nullopt;
  const std::uint64_t offset = hole->offset;
  hole->offset += wanted;
  hole->size -= wanted;
  if (hole->size == 0) holes_.erase(hole);
  free_bytes_ -= Bytes{wanted};
  return offset;
}

void TierArena::give_back(std::uint64_t offset, Bytes size) {
  const std::uint64_t length = occupied(size).count;
  BLUE_CHECK(offset % kTensorAlignment == 0 && offset <= size_.count &&
             length <= size_.count - offset);
  auto next = std::lower_bound(holes_.begin(), holes_.end(), offset,
                               [](const Range& r, std::uint64_t at) { return r.offset < at; });
  BLUE_CHECK(next == holes_.end() || offset + length <= next->offset,
             "a range was given back twice");
  free_bytes_ += Bytes{length};

  const bool joins_next = next != holes_.end() && offset + length == next->offset;
  if (next != holes_.begin()) {
    const auto previous = next - 1;
    BLUE_CHECK(previous->offset + previous->size <= offset, "a range was given back twice");
    if (previous->offset + previous->size == offset) {
      previous->size += length;
      if (joins_next) {
        previous->size += next->size;
        holes_.erase(next);
      }
      return;
    }
  }
  if (joins_next) {
    next->offset = offset;
    next->size += length;
    return;
  }
  holes_.insert(next, Range{.offset = offset, .size = length});
}

Bytes TierArena::largest_hole() const {
  std::uint64_t largest = 0;
  for (const Range& hole : holes_) largest = std::max(largest, hole.size);
  return Bytes{largest};
}

}  // namespace blue::memory
