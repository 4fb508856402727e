#include "models/blocks/projections.h"

namespace blue::models {

namespace {

using kernels::Operand;

/// Rows [first_row, first_row + rows) of the product with `name`, and of its bias.
struct RowRange {
  std::uint64_t n_rows = 0;  ///< of the tensor
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
};

void project_rows(ProgramBuilder& builder, Operand out, Operand in, const std::string& name,
                  const RowRange& range, std::uint64_t cols) {
  builder.linear(
      out, in,
      builder.weight_rows(name + ".weight", range.n_rows, range.first_row, range.rows, cols));
  if (!builder.has_tensor(name + ".bias")) return;
  builder.add_bias(out,
                   builder.vector_part(name + ".bias", range.n_rows, range.first_row, range.rows));
}

}  // namespace

void project(ProgramBuilder& builder, Operand out, Operand in, const std::string& name,
             std::uint64_t rows, std::uint64_t cols) {
  project_rows(builder, out, in, name, {rows, 0, rows}, cols);
}

void project_qkv(ProgramBuilder& builder, const QkvOperands& out, Operand in,
                 const std::string& prefix, std::uint64_t q_width, std::uint64_t kv_width) {
  const std::uint32_t d_model = builder.hyper().d_model;
  const std::string fused = prefix + "attn_qkv";
  if (!builder.has_tensor(fused + ".weight")) {
    project(builder, out.q, in, prefix + "attn_q", q_width, d_model);
    project(builder, out.k, in, prefix + "attn_k", kv_width, d_model);
    project(builder, out.v, in, prefix + "attn_v", kv_width, d_model);
    return;
  }
  const std::uint64_t n_rows = q_width + 2 * kv_width;
  project_rows(builder, out.q, in, fused, {n_rows, 0, q_width}, d_model);
  project_rows(builder, out.k, in, fused, {n_rows, q_width, kv_width}, d_model);
  project_rows(builder, out.v, in, fused, {n_rows, q_width + kv_width, kv_width}, d_model);
}

void gated_feed_forward(ProgramBuilder& builder, Operand out, Operand in, const GatedBuffers& at,
                        std::uint32_t d_ff, const std::string& prefix, const std::string& suffix) {
  const std::uint32_t d_model = builder.hyper().d_model;
  const std::string gate = prefix + "ffn_gate" + suffix;
  const std::string up = prefix + "ffn_up" + suffix;
  const std::string gate_up = prefix + "ffn_gate_up" + suffix;
  const bool is_fused = builder.has_tensor(gate_up + ".weight");
  const bool is_in_up = !builder.has_tensor(gate + ".weight") && builder.has_tensor(up + ".weight");
  if (!is_fused && !is_in_up) {
    project(builder, at.gate, in, gate, d_ff, d_model);
    project(builder, at.up, in, up, d_ff, d_model);
  } else {
    const std::string& fused = is_fused ? gate_up : up;
    const std::uint64_t n_rows = std::uint64_t{2} * d_ff;
    project_rows(builder, at.gate, in, fused, {n_rows, 0, d_ff}, d_model);
    project_rows(builder, at.up, in, fused, {n_rows, d_ff, d_ff}, d_model);
  }
  builder.silu_mul(at.gate, at.gate, at.up);
  project(builder, out, at.gate, prefix + "ffn_down" + suffix, d_model, d_ff);
}

}  // namespace blue::models
