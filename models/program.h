// Program: what an architecture compiles a file's inventory into, once. A linear list of ops with the blocks they need;
// interpreted on a CPU, captured into a CUDA graph, read ahead by the timeline planner.
// Depends on base, memory/tiers/block.h and kernels/op.h. A plain value, immutable after compilation; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/op.h"
#include "memory/tiers/block.h"

namespace blue::models {

/// Sizes and constants of a model, in the field's terms (docs/glossary.md).
struct HyperParameters {
  std::string architecture;
  std::string name;
  std::uint32_t n_layers = 0;
  std::uint32_t n_context = 0;  ///< tokens, as trained
  std::uint32_t d_model = 0;
  std::uint32_t d_ff = 0;
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t rotary_dims = 0;
  std::uint32_t n_vocab = 0;
  float rms_eps = 1e-5F;
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;
};

/// A weight matrix inside its block. Indexed by Op::weight.
struct WeightUse {
  std::uint32_t block = 0;         ///< index into Program::blocks
  std::uint64_t block_offset = 0;  ///< bytes
  const kernels::Format* format = nullptr;
  std::uint64_t rows = 0;
  std::uint64_t cols = 0;
  std::string tensor;  ///< its name in the file
};

/// An activation buffer. Indexed by Op::out, in, in2.
struct ActivationUse {
  std::uint32_t width = 0;  ///< float32 values per row
  kernels::RowSet row_set = kernels::RowSet::tokens;
};

/// A block before it has an id: what it is and where its bytes lie in the model's file.
struct BlockPlan {
  memory::BlockKind kind = memory::BlockKind::layer;
  std::string name;  ///< "layer.3"
  Bytes size;
  std::vector<memory::BlockExtent> extents;
};

/// What one token keeps in the KV cache, per layer, in values.
struct KvShape {
  std::uint32_t n_layers = 0;
  std::uint32_t k_width = 0;
  std::uint32_t v_width = 0;
};

inline constexpr std::uint32_t kNoBlock = 0xffffffff;

struct Program {
  HyperParameters hyper;
  std::vector<kernels::Op> ops;
  std::vector<std::uint32_t> op_blocks;  ///< per op: the block it reads, or kNoBlock
  std::vector<WeightUse> weights;
  std::vector<ActivationUse> activations;
  std::vector<BlockPlan> blocks;  ///< in the order a step first needs them
  kernels::Slot logits = kernels::kNoSlot;
  KvShape kv;
};

/// Bytes of all blocks.
Bytes weight_bytes(const Program& program);

}  // namespace blue::models
