#include "memory/tiers/block_segments.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace blue::memory {
namespace {

/// A read may be longer than was asked for by this part of it, rather than leave a short one
/// behind.
constexpr std::uint64_t kReadSlackShare = 16;

std::uint64_t end_of(const BlockExtent& extent) { return extent.block_offset + extent.size; }

/// Does `next` continue `extent` in the file as in the block, with no more than padding between?
bool continues(const BlockExtent& extent, const BlockExtent& next) {
  return next.file == extent.file &&
         next.file_offset - extent.file_offset == next.block_offset - extent.block_offset &&
         next.block_offset - end_of(extent) < kTensorAlignment;
}

}  // namespace

BlockSegment next_segment(const Block& block, std::uint64_t begin, std::uint64_t most) {
  BLUE_CHECK(begin < block.size.count && most > 0, block.name);
  const std::uint64_t limit = begin + std::min(most, block.size.count - begin);
  BlockSegment segment{.begin = begin, .end = limit};
  const auto end = block.extents.end();
  auto extent = std::find_if(block.extents.begin(), end,
                             [&](const BlockExtent& e) { return end_of(e) > begin; });
  if (extent == end) return segment;  // padding at the block's end
  if (extent->block_offset > begin) {
    segment.end = std::min(limit, extent->block_offset);
    return segment;
  }
  segment.file = extent->file;
  segment.file_offset = extent->file_offset + (begin - extent->block_offset);
  auto last = extent;
  while (std::next(last) != end && end_of(*last) < limit && continues(*last, *std::next(last)))
    ++last;
  const std::uint64_t run_end = end_of(*last);
  if (run_end >= limit) {
    segment.n_read = limit - begin;
    const std::uint64_t cut = (segment.file_offset + segment.n_read) / kFileCut * kFileCut;
    if (run_end > limit && cut > segment.file_offset) {
      segment.n_read = cut - segment.file_offset;
      segment.end = begin + segment.n_read;
      segment.is_cut = segment.end < limit;
    }
    return segment;
  }
  segment.n_read = run_end - begin;
  const std::uint64_t next =
      std::next(last) == end ? block.size.count : std::next(last)->block_offset;
  segment.end = std::min(limit, next);
  return segment;
}

std::uint64_t read_size(std::uint64_t offset, std::uint64_t left, std::uint64_t most) {
  const std::uint64_t limit = most + most / kReadSlackShare;
  const std::uint64_t n_reads = (left + limit - 1) / limit;
  if (n_reads <= 1) return left;
  const std::uint64_t size = (left + n_reads - 1) / n_reads;
  const std::uint64_t cut = round_up(offset + size, kFileCut);
  return cut < offset + left ? cut - offset : size;
}

void zero_padding(const Block& block, std::uint64_t begin, std::uint64_t end, std::byte* host) {
  std::uint64_t at = begin;
  const auto zero_to = [&](std::uint64_t to) {
    if (to > at) std::memset(host + (at - begin), 0, to - at);
  };
  for (const BlockExtent& extent : block.extents) {
    if (end_of(extent) <= at) continue;
    if (extent.block_offset >= end) break;
    zero_to(extent.block_offset);
    at = std::min(end_of(extent), end);
  }
  zero_to(end);
}

}  // namespace blue::memory
