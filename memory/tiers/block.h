// Block: the unit of residency. One layer's dense weights, one expert of one layer, the embedding,
// or the head. Every byte of every model belongs to exactly one block. Policy moves blocks; no code
// copies single tensors. Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace blue::memory {

using BlockId = Id<struct BlockTag>;

/// Where bytes are. A lower number is nearer to the device's arithmetic.
enum class Tier : std::uint8_t {
  vram = 0,  ///< an arena on the device: VRAM, or with the CPU backend a budgeted arena in RAM
  ram = 1,   ///< page-locked host memory
  nvme = 2,  ///< the model's own files
};
inline constexpr std::size_t kTiers = 3;

/// A run of bytes in a file and where they lie inside the block.
struct BlockExtent {
  std::uint32_t file = 0;          ///< index into the catalog's files
  std::uint64_t file_offset = 0;   ///< bytes
  std::uint64_t block_offset = 0;  ///< bytes; a multiple of kTensorAlignment
  std::uint64_t size = 0;          ///< bytes
};

/// Every tensor inside a block starts at a multiple of this: enough for any vector load and for
/// CUDA.
inline constexpr std::uint64_t kTensorAlignment = 256;

enum class BlockKind : std::uint8_t { embedding, layer, expert, head };

struct Block {
  BlockId id;
  BlockKind kind = BlockKind::layer;
  Bytes size;                        ///< with padding between tensors
  std::vector<BlockExtent> extents;  ///< in block order, not overlapping
  std::string name;                  ///< "coder/layer.3": for people and traces
};

}  // namespace blue::memory
