// The ops that programs are made of, as plain records, and what they are bound to when a step runs.
// An Op names its operands by operand numbers, never by address, so the same list is interpreted on
// a CPU, captured into a CUDA graph, or walked by a kernel. Everything that changes from step to
// step (tokens, positions, page tables) lies in device memory behind StepInputs, so that a captured
// step can be launched again without touching it. Depends on base and kernels/format.h. Plain
// values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "kernels/format.h"

namespace blue::kernels {

/// Activations are float32, row-major [n_rows, width]. "tokens" rows: one per token of the step
/// (n_tokens); "outputs" rows: one per token whose logits are wanted (n_outputs).
///
///   embed        out[t, :] = decode(weight[token_id[t], :])                       weight [n_vocab, cols]; out width cols
///   rms_norm     out = in / sqrt(mean(in²) + eps) · weight, over groups of `cols` values; a row holds n_heads such
///                groups (n_heads = 1: the whole row; > 1: per-head norm with one shared weight). out may be in.
///                head_dim > cols: groups lie head_dim apart and their other values stay; out must then be in.
///   linear       out[t, r] = Σ_c weight[r, c] · in[t, c]                           weight [rows, cols] in any format
///                with a quantised weight a backend may round `in` to 8 bits in groups of 32 values or more
///   add_bias     out = in + weight[0, :]                                           weight F32 [1, cols]. out may be in.
///   rope         rotates rotary_dims values of each of n_heads heads of head_dim, from rotary_offset on: pair i by the angle
///                position[t] · freq_i, both then times rope_magnitude; pairs by RopeStyle. out = in (in place).
///                freq_i = rope_base^(-2i / rotary_dims) / divisor_i · (rope_scale · (1 - m_i) + m_i),
///                m_i = yarn_mix · (1 - clamp((i - yarn_low) / (yarn_high - yarn_low), 0, 1)); weight, where there is one,
///                is the divisors, F32 [1, rotary_dims / 2], else they are 1.
///   kv_append    writes in (k, width n_kv_heads · head_dim) and in2 (v, width n_kv_heads · value_dim, where value_dim 0
///                stands for head_dim) at position[t] of the sequence of t, layer `layer`. No in2: the key row alone.
///   attention    out[t, h] = softmax(scale · q·k over positions 0..position[t] of t's sequence) · v,
///                grouped queries: kv head = h / (n_heads / n_kv_heads). in is q [n_heads · head_dim]; out like q.
///   silu_mul     out = in / (1 + exp(-in)) · in2, width cols. out may be in or in2.
///   add          out = in + in2, width cols. out may be in or in2.
///   gather_rows  out[o, :] = in[output_row[o], :], width cols: tokens rows to outputs rows
///   route        chooses top_k of n_experts by the logits `in`: out width 2 · top_k, first the ids as whole floats, best
///                first, then their weights. p = softmax or sigmoid of the logits (Gating); choice by p + weight[0, :], the
///                optional F32 selection bias [1, n_experts], ties to the lower id. With n_groups > 1 only experts of the
///                n_groups_used best groups are eligible; a group (n_experts / n_groups ids in a row) scores the sum of its
///                two best. Weights are p of the chosen, divided by their sum where RouteWeights::normalised, times scale.
///   expert_linear  out[t, j, r] = Σ_c W_e[r, c] · in[t, j, c] with e = id j of route row in2[t]; in is [cols], the same for
///                all j, or [top_k, cols] (ExpertInput); out [top_k, rows]; W_e from WeightView::experts. A (t, j) whose
///                expert's address is null is left as it is, so that the op may run once per part of the experts.
///   expert_sum   out[t, :] = Σ_j weight_j of route row in2[t] · in[t, j, :]         in [top_k, cols]; out width cols
///   head_linear  out[t, h] = W_h · (the first cols values of in[t, h]), then the other head_dim - cols values of in[t, h] as
///                they are; W_h is rows [h · rows, (h + 1) · rows) of weight [n_heads · rows, cols] in any format.
///                in [n_heads, head_dim], out [n_heads, rows + head_dim - cols]; out is not in. May round in as linear does.
///   attention_latent  attention of n_heads queries over one cached row per token: out[t, h] = Σ_p softmax_p(scale · q · k_p)
///                · (the first value_dim values of k_p). in is q [n_heads, head_dim], k_p the key row [head_dim] at p; out
///                [n_heads, value_dim]. p runs over 0..position[t], or over those of row t of in2, an index_topk's out.
///   index_topk   chooses for each token the top_k best of positions 0..position[t], ties to the lower position: out width
///                2 · top_k, first the positions as whole floats, ascending, then -1; then their scores, behind them 0.
///                score = scale · Σ_h in2[t, h] · max(0, q_h · k), in is q [n_heads, head_dim], k the value row [head_dim].
///   layer_norm   out = (in - mean(in)) / sqrt(variance(in) + eps) · weight, over rows of cols values. out may be in.
///   hadamard     multiplies groups of cols values, a power of two, by the Hadamard matrix over sqrt(cols): row i, column j is
///                the parity of i & j as sign. A row holds n_heads groups. out may be in.
///
/// Tolerance: a backend's out agrees with the reference backend's within max_abs_error(op)
/// (op_tolerance.h).
enum class OpKind : std::uint8_t {
  embed,
  rms_norm,
  linear,
  rope,
  kv_append,
  attention,
  silu_mul,
  add,
  gather_rows,
  add_bias,
  route,
  expert_linear,
  expert_sum,
  head_linear,
  attention_latent,
  index_topk,
  layer_norm,
  hadamard,
};
inline constexpr std::size_t kOpKinds = 18;
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
  std::uint32_t value_dim =
      0;  ///< values that attention_latent gives per head; kv_append: 0 for head_dim
  float eps = 0.0F;
  float scale = 1.0F;
  float rope_base = 10000.0F;
  float rope_scale = 1.0F;
  float rope_magnitude = 1.0F;
  float yarn_mix =
      0.0F;  ///< share of the unscaled frequency where wavelengths are short; 0: no YaRN
  float yarn_low = 0.0F;   ///< pairs up to here keep their frequency
  float yarn_high = 1.0F;  ///< pairs from here on are scaled in full
};
static_assert(std::is_trivially_copyable_v<Op> && std::is_standard_layout_v<Op>,
              "a kernel may walk a list of these");

/// A weight matrix where it lies now. Valid while the lease behind it lives. Of an expert_linear
/// each expert's [rows, cols] lies in a block of its own, so there is no one address but a table of
/// them: `experts` [n_experts], itself in memory that the device reads, null for an expert that is
/// not leased.
struct WeightView {
  const std::byte* data = nullptr;  ///< an address the backend's device reads; null with `experts`
  const Format* format = nullptr;
  std::uint64_t rows = 0;  ///< of one expert, with `experts`
  std::uint64_t cols = 0;  ///< values per row
  const std::byte* const* experts = nullptr;
};

/// q8_0: blocks of kKvBlockValues signed bytes behind their scale as binary16, as in the weight
/// format of that name.
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

/// Where a program's operands lie for this step.
struct Bindings {
  std::span<const WeightView> weights;  ///< by Op::weight
  std::span<float* const> activations;  ///< by Op::out / in / in2
  KvView kv;
  std::byte* workspace =
      nullptr;  ///< Backend::workspace_bytes, device memory, contents undefined between ops
};

}  // namespace blue::kernels
