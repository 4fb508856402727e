// Program: what an architecture compiles a file's inventory into, once. A linear list of ops with
// the blocks they need; interpreted on a CPU, captured into a CUDA graph, read ahead by the
// timeline planner. Depends on base, memory/tiers/block.h and kernels/op.h. A plain value,
// immutable after compilation; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/op.h"
#include "memory/tiers/block.h"

namespace blue::models {

/// How rotation is stretched beyond the trained context: what goes into every rope op
/// (kernels/op.h).
struct RopeScaling {
  float scale = 1.0F;
  float magnitude =
      1.0F;  ///< as llama's YaRN has it; deepseek's puts it into the softmax scale instead
  float yarn_mix = 0.0F;
  float yarn_low = 0.0F;
  float yarn_high = 1.0F;
};

/// What may differ from layer to layer.
struct LayerShape {
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t d_ff = 0;
};

/// Sizes and constants of a model, in the field's terms (docs/glossary.md).
struct HyperParameters {
  std::string architecture;
  std::string name;
  std::uint32_t n_layers = 0;
  std::uint32_t n_context = 0;  ///< tokens, as trained
  std::uint32_t d_model = 0;
  std::uint32_t d_ff = 0;          ///< of the widest layer
  std::uint32_t n_heads = 0;       ///< of the layer with most
  std::uint32_t n_kv_heads = 0;    ///< of the layer with most
  std::vector<LayerShape> layers;  ///< [n_layers]
  std::uint32_t head_dim = 0;
  std::uint32_t rotary_dims = 0;
  std::uint32_t n_vocab = 0;
  float rms_eps = 1e-5F;
  float rope_base = 10000.0F;
  RopeScaling rope_scaling;
  std::uint32_t n_experts = 0;  ///< routed ones per layer; 0: a dense model
  std::uint32_t top_k = 0;
  std::uint32_t d_ff_expert = 0;
};

/// A weight matrix inside its block, or one matrix per expert, each inside that expert's block.
/// Indexed by Op::weight.
struct WeightUse {
  std::uint32_t block = 0;  ///< index into Program::blocks; with experts: expert e's is block + e
  std::uint64_t block_offset = 0;  ///< bytes; the same in each expert's block
  const kernels::Format* format = nullptr;
  std::uint64_t rows = 0;  ///< of one expert, with experts
  std::uint64_t cols = 0;
  std::string tensor;           ///< its name in the file
  std::uint32_t n_experts = 0;  ///< 0: one matrix
};

/// Bytes that a step reads in another form than the file stores. They are made once, when the model
/// is opened, into one more file of the model (converted_tensors.h).
struct Conversion {
  /// copied: the bytes as they are. widened: decoded to F32. transposed: decoded to F32, each
  /// head's [rows, cols] stored as [cols, rows].
  enum class Form : std::uint8_t { copied, widened, transposed };
  Form form = Form::widened;
  std::string tensor;
  std::uint32_t file = 0;         ///< of the tensor
  std::uint64_t file_offset = 0;  ///< of the tensor
  const kernels::Format* format = nullptr;
  /// The tensor is [n_heads · head_rows, cols]; of each head's rows it takes `rows` from
  /// `first_row`.
  std::uint64_t n_heads = 1;
  std::uint64_t head_rows = 1;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 1;
  std::uint64_t cols = 0;
  std::uint64_t converted_offset = 0;  ///< in the file of converted tensors

  /// Bytes of the result.
  [[nodiscard]] std::uint64_t size() const {
    const std::uint64_t row = form == Form::copied ? format->row_bytes(cols) : cols * sizeof(float);
    return n_heads * rows * row;
  }
};

/// An activation buffer. Indexed by Op::out, in, in2.
struct ActivationUse {
  std::uint32_t width = 0;  ///< float32 values per row
  kernels::RowSet row_set = kernels::RowSet::tokens;
};

/// A block before it has an id: what it is and where its bytes lie in the model's file.
struct BlockPlan {
  memory::BlockKind kind = memory::BlockKind::layer;
  std::string name;  ///< "layer.3", "layer.3.expert.17"
  Bytes size;
  std::vector<memory::BlockExtent> extents;
};

/// What one token keeps in the KV cache, per layer, in values.
struct KvShape {
  std::uint32_t n_layers = 0;
  std::uint32_t k_width = 0;
  std::uint32_t v_width = 0;
};

/// The ops [first_op, end_op) that one layer's routed experts run through, from the first
/// expert_linear to the last. Which of the blocks [first_block, first_block + n_experts) they read
/// is known only when the route op before them has run. They may run several times in a step, each
/// time with other experts bound: the only ops between expert_linear ops over the same blocks work
/// value by value (silu_mul), so a later pass overwrites all that they wrote.
struct ExpertGroup {
  std::uint32_t first_op = 0;
  std::uint32_t end_op = 0;
  std::uint32_t first_block = 0;
  std::uint32_t n_experts = 0;
  std::uint32_t top_k = 0;
  kernels::Operand route = kernels::kNoOperand;  ///< the activation with the chosen experts
};

inline constexpr std::uint32_t kNoBlock = 0xffffffff;

struct Program {
  HyperParameters hyper;
  std::vector<kernels::Op> ops;
  std::vector<std::uint32_t>
      op_blocks;  ///< per op: the block it reads, or kNoBlock; expert_linear: see expert_groups
  std::vector<WeightUse> weights;
  std::vector<ActivationUse> activations;
  std::vector<BlockPlan>
      blocks;  ///< in the order a step first needs them; a layer's experts behind their layer
  std::vector<ExpertGroup> expert_groups;  ///< in program order, not overlapping
  kernels::Operand logits = kernels::kNoOperand;
  KvShape kv;
  /// Extents of the converted bytes name the file behind the model's own parts.
  std::vector<Conversion> conversions;
  std::vector<std::string> notes;  ///< what of the file is left out, a line each, for the user
};

/// Bytes of all blocks.
Bytes weight_bytes(const Program& program);

}  // namespace blue::models
