// Blocks with known bytes, for tests: a file of pseudo-random bytes and blocks cut out of it, with
// padding between their extents, and what each block's bytes must be in memory.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "memory/tiers/block.h"

namespace blue::memory::test {

inline std::vector<std::byte> random_bytes(std::size_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(n);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random() & 0xff);
  return bytes;
}

/// One extent per size in `sizes`, each from its own place of the file.
inline Block make_block(const std::string& name, std::uint64_t first_offset,
                        const std::vector<std::uint64_t>& sizes) {
  Block block;
  block.name = name;
  std::uint64_t file_offset = first_offset;
  std::uint64_t block_offset = 0;
  for (const std::uint64_t size : sizes) {
    block.extents.push_back(
        {.file = 0, .file_offset = file_offset, .block_offset = block_offset, .size = size});
    file_offset += size + 13;
    block_offset = round_up(block_offset + size, kTensorAlignment);
  }
  block.size = Bytes{block_offset};
  return block;
}

inline std::uint64_t file_end(const Block& block) {
  return block.extents.empty() ? 0 : block.extents.back().file_offset + block.extents.back().size;
}

/// What the block must look like wherever it lies.
inline std::vector<std::byte> expected_bytes(const Block& block,
                                             const std::vector<std::byte>& file) {
  std::vector<std::byte> bytes(block.size.count);
  for (const BlockExtent& e : block.extents)
    std::memcpy(bytes.data() + e.block_offset, file.data() + e.file_offset, e.size);
  return bytes;
}

}  // namespace blue::memory::test
