#include "models/blocks/decoder.h"

#include <string>

#include "models/blocks/experts.h"
#include "models/blocks/output_head.h"

namespace blue::models {

namespace {

using kernels::Operand;

/// The buffers that all layers share.
struct Buffers {
  Operand hidden;  ///< the residual stream
  Operand normed;
  Operand q;
  Operand k;
  Operand v;
  Operand attended;
  Operand projected;
  Operand gate;
  Operand up;
  ExpertBuffers experts;
};

Buffers lay_out(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  const std::uint32_t q_width = hyper.n_heads * hyper.head_dim;
  const std::uint32_t kv_width = hyper.n_kv_heads * hyper.head_dim;
  Buffers buffers{};
  buffers.hidden = builder.activation(hyper.d_model);
  buffers.normed = builder.activation(hyper.d_model);
  buffers.q = builder.activation(q_width);
  buffers.k = builder.activation(kv_width);
  buffers.v = builder.activation(kv_width);
  buffers.attended = builder.activation(q_width);
  buffers.projected = builder.activation(hyper.d_model);
  buffers.gate = builder.activation(hyper.d_ff);
  buffers.up = builder.activation(hyper.d_ff);
  if (hyper.n_experts > 0) buffers.experts = lay_out_experts(builder);
  return buffers;
}

/// out = W · in, and the bias where the file has one.
void project(ProgramBuilder& builder, Operand out, Operand in, const std::string& name,
             std::uint64_t rows, std::uint64_t cols) {
  builder.linear(out, in, builder.weight(name + ".weight", rows, cols));
  if (builder.has_tensor(name + ".bias"))
    builder.add_bias(out, builder.weight(name + ".bias", 1, rows));
}

void attention_half(ProgramBuilder& builder, const DecoderTraits& traits, const Buffers& at,
                    std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const std::uint64_t q_width = std::uint64_t{hyper.n_heads} * hyper.head_dim;
  const std::uint64_t kv_width = std::uint64_t{hyper.n_kv_heads} * hyper.head_dim;
  builder.rms_norm(at.normed, at.hidden,
                   builder.weight(prefix + "attn_norm.weight", 1, hyper.d_model));
  project(builder, at.q, at.normed, prefix + "attn_q", q_width, hyper.d_model);
  project(builder, at.k, at.normed, prefix + "attn_k", kv_width, hyper.d_model);
  project(builder, at.v, at.normed, prefix + "attn_v", kv_width, hyper.d_model);
  if (traits.head_norm == HeadNorm::queries_and_keys) {
    builder.head_norm(at.q, builder.weight(prefix + "attn_q_norm.weight", 1, hyper.head_dim),
                      hyper.n_heads);
    builder.head_norm(at.k, builder.weight(prefix + "attn_k_norm.weight", 1, hyper.head_dim),
                      hyper.n_kv_heads);
  }
  RopeLayout rotation{.n_heads = hyper.n_heads,
                      .head_dim = hyper.head_dim,
                      .rotary_dims = hyper.rotary_dims,
                      .style = traits.rope_style,
                      .magnitude = hyper.rope_scaling.magnitude};
  builder.rope(at.q, rotation);
  rotation.n_heads = hyper.n_kv_heads;
  builder.rope(at.k, rotation);
  builder.kv_append(at.k, at.v, layer);
  builder.attention(at.attended, at.q, layer);
  project(builder, at.projected, at.attended, prefix + "attn_output", hyper.d_model, q_width);
  builder.add(at.hidden, at.hidden, at.projected);
}

void dense_feed_forward(ProgramBuilder& builder, const Buffers& at, const std::string& prefix) {
  const HyperParameters& hyper = builder.hyper();
  builder.linear(at.gate, at.normed,
                 builder.weight(prefix + "ffn_gate.weight", hyper.d_ff, hyper.d_model));
  builder.linear(at.up, at.normed,
                 builder.weight(prefix + "ffn_up.weight", hyper.d_ff, hyper.d_model));
  builder.silu_mul(at.gate, at.gate, at.up);
  builder.linear(at.projected, at.gate,
                 builder.weight(prefix + "ffn_down.weight", hyper.d_model, hyper.d_ff));
}

void feed_forward_half(ProgramBuilder& builder, const RouteTraits& route, const Buffers& at,
                       std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  builder.rms_norm(at.normed, at.hidden,
                   builder.weight(prefix + "ffn_norm.weight", 1, hyper.d_model));
  if (hyper.n_experts > 0 && builder.has_tensor(prefix + "ffn_gate_inp.weight")) {
    routed_experts(builder, route, at.experts, at.projected, at.normed, prefix);
  } else {
    dense_feed_forward(builder, at, prefix);
  }
  builder.add(at.hidden, at.hidden, at.projected);
}

}  // namespace

Result<Program> compile_decoder(const GgufFile& file, const DecoderTraits& traits) {
  ProgramBuilder builder(file);
  const HyperParameters& hyper = builder.hyper();
  const Buffers at = lay_out(builder);
  const RouteTraits route = read_route_traits(builder, traits.route);

  builder.begin_block(memory::BlockKind::embedding, "embedding");
  const Operand embedding = builder.weight("token_embd.weight", hyper.n_vocab, hyper.d_model);
  builder.embed(at.hidden, embedding);

  for (std::uint32_t layer = 0; layer < hyper.n_layers; ++layer) {
    builder.begin_block(memory::BlockKind::layer, "layer." + std::to_string(layer));
    attention_half(builder, traits, at, layer);
    feed_forward_half(builder, route, at, layer);
  }

  return builder.finish(append_output_head(builder, at.hidden, embedding));
}

}  // namespace blue::models
