// The ops that programs are made of, as plain records, and what they are bound to when a step is
// enqueued. An Op names its operands by number, never by address, so that the same list can be
// interpreted on a CPU, captured into a CUDA graph, or read by a kernel. Everything that changes
// from step to step (tokens, positions, page tables) is in device memory behind StepInputs, so that
// a captured step can be launched again unchanged. Depends on base and kernels/format.h. Plain
// values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "kernels/format.h"
#include "kernels/op_kind.h"  // generated: OpKind, kOpKinds, kOpNames

namespace blue::kernels {

/// OpKind has one enumerator per file of kernels/ops, which holds the op's contract. Common to all:
/// activations are float32, row-major [n_rows, width]. "tokens" rows: one per token of the step
/// (n_tokens); "outputs" rows: one per token whose logits are needed (n_outputs). Widths are in
/// values; a shape [n_heads, head_dim] is that of one row.
std::string_view to_text(OpKind kind);

/// Which values rotate together: (x0,x1),(x2,x3).. or (x_i, x_{i+d/2}).
enum class RopeStyle : std::uint8_t { adjacent, halves };

/// Which rows an op runs over.
enum class RowSet : std::uint8_t { tokens, outputs };

/// What a router's logits become before the choice.
enum class Gating : std::uint8_t { softmax, sigmoid };

/// Whether the chosen experts' weights are brought to sum 1.
enum class RouteWeights : std::uint8_t { as_gated, normalised };

/// What expert_linear reads per token: one row for all chosen experts, or a row for each.
enum class ExpertInput : std::uint8_t { shared, per_choice };

/// Added to the sum that weights are normalised by, so that gates which all vanish stay finite
/// (DeepSeek-V3's own code).
inline constexpr double kTinySum = 1e-20;

/// The longest head that any backend takes: bounds the accumulators that attention keeps on its
/// stack.
inline constexpr std::uint32_t kMaxHeadDim = 512;

/// The longest row that attention_latent takes: a compressed key-value row and its rotary part.
inline constexpr std::uint32_t kMaxLatentDim = 1024;

/// The largest group of a Hadamard transform.
inline constexpr std::uint32_t kMaxHadamard = 4096;

/// Index into Bindings::activations or Bindings::weights.
using Operand = std::uint16_t;
inline constexpr Operand kNoOperand = 0xffff;

struct Op {
  OpKind kind{};
  RopeStyle rope_style{};
  RowSet row_set{};
  Gating gating{};
  RouteWeights route_weights{};
  ExpertInput expert_input{};
  Operand out = kNoOperand;     ///< activation
  Operand in = kNoOperand;      ///< activation
  Operand in2 = kNoOperand;     ///< activation
  Operand weight = kNoOperand;  ///< weight
  std::uint32_t layer = 0;
  std::uint32_t rows = 0;  ///< output values per row (linear, embed)
  std::uint32_t cols = 0;  ///< input values per row, or per group
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t rotary_dims = 0;
  std::uint32_t rotary_offset = 0;  ///< where in its head the rotated part begins
  std::uint16_t n_experts = 0;
  std::uint16_t top_k = 0;
  std::uint16_t n_groups = 1;
  std::uint16_t n_groups_used = 1;
  std::uint32_t value_dim = 0;  ///< values per head of attention_latent's out; kv_append: or 0
  float eps = 0.0F;
  float scale = 1.0F;
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;
  float rope_magnitude = 1.0F;
  float yarn_mix = 0.0F;   ///< share of the unscaled frequency at short wavelengths; 0: no YaRN
  float yarn_low = 0.0F;   ///< pairs up to here keep their frequency
  float yarn_high = 1.0F;  ///< pairs from here on are scaled in full
};
static_assert(std::is_trivially_copyable_v<Op> && std::is_standard_layout_v<Op>,
              "a kernel may read a list of these");

/// A weight matrix at its current address. Valid while its lease is held. For expert_linear each
/// expert's [rows, cols] is in a block of its own, so there is a table of addresses instead of one:
/// `experts` [n_experts], itself in memory that the device reads, null for an expert that is not
/// leased.
struct WeightView {
  const std::byte* data = nullptr;  ///< an address the backend's device reads; null with `experts`
  const Format* format = nullptr;
  std::uint64_t rows = 0;  ///< of one expert, with `experts`
  std::uint64_t cols = 0;  ///< values per row
  const std::byte* const* experts = nullptr;
};

/// q8_0: blocks of a binary16 scale and kKvBlockValues signed bytes, as in the weight format Q8_0.
enum class KvType : std::uint8_t { f32, f16, q8_0 };
std::string_view to_text(KvType type);
inline constexpr std::uint32_t kKvBlockValues = 32;
inline constexpr std::uint32_t kKvBlockBytes = 34;

/// Tokens of one page of the KV cache.
inline constexpr std::uint32_t kPageTokens = 32;

/// The paged KV cache as kernels see it. Key row of (layer, page, token in page):
///   base + layer · layer_stride + page · page_stride + token · (bytes of k_width values)
/// value row: the same + v_offset with v_width. Widths in values. With latent attention the value
/// is part of the key row: the value row then holds the sparse indexer's key, or nothing (v_width
/// 0).
struct KvView {
  std::byte* base = nullptr;
  std::uint64_t layer_stride = 0;  ///< bytes
  std::uint64_t page_stride = 0;   ///< bytes
  std::uint64_t v_offset = 0;      ///< bytes from a page's first key to its first value
  std::uint32_t k_width = 0;
  std::uint32_t v_width = 0;
  KvType type = KvType::f32;
};

/// What changes from step to step; every pointer is device memory of the backend, filled before the
/// step.
struct StepInputs {
  const std::int32_t* token_ids = nullptr;    ///< [n_tokens]
  const std::int32_t* positions = nullptr;    ///< [n_tokens] position of each token in its sequence
  const std::int32_t* sequences = nullptr;    ///< [n_tokens] row of page_table
  const std::int32_t* page_table = nullptr;   ///< [n_sequences, page_table_stride] page numbers
  const std::int32_t* output_rows = nullptr;  ///< [n_outputs] which token rows give logits
  std::uint32_t page_table_stride = 0;        ///< pages per row
  std::uint32_t n_tokens = 0;
  std::uint32_t n_outputs = 0;
};

/// The addresses of a program's operands for this step.
struct Bindings {
  std::span<const WeightView> weights;  ///< by Op::weight
  std::span<float* const> activations;  ///< by Op::out / in / in2
  KvView kv;
  /// Backend::workspace_bytes, device memory, contents undefined between ops.
  std::byte* workspace = nullptr;
};

}  // namespace blue::kernels
