#include "models/blocks/decoder.h"

#include <map>
#include <string>
#include <utility>

#include "models/blocks/experts.h"
#include "models/blocks/output_head.h"
#include "models/blocks/projections.h"

namespace blue::models {

namespace {

using kernels::Operand;

/// What a buffer is for: layers use one after the other, so layers of equal widths share it.
enum class Role : std::uint8_t { queries, keys, values, attended, gate, up };

/// The buffers whose width may differ from layer to layer.
using LayerBuffers = std::map<std::pair<Role, std::uint32_t>, Operand>;

/// The buffers that all layers share.
struct Buffers {
  Operand hidden;  ///< the residual stream
  Operand normed;
  Operand projected;
  LayerBuffers by_width;
  ExpertBuffers experts;
};

Buffers lay_out(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  Buffers buffers{};
  buffers.hidden = builder.activation(hyper.d_model);
  buffers.normed = builder.activation(hyper.d_model);
  buffers.projected = builder.activation(hyper.d_model);
  const auto add = [&](Role role, std::uint32_t width) {
    const auto [at, is_new] = buffers.by_width.try_emplace({role, width});
    if (is_new) at->second = builder.activation(width);
  };
  for (const LayerShape& shape : hyper.layers) {
    add(Role::queries, shape.n_heads * hyper.head_dim);
    add(Role::keys, shape.n_kv_heads * hyper.head_dim);
    add(Role::values, shape.n_kv_heads * hyper.head_dim);
    add(Role::attended, shape.n_heads * hyper.head_dim);
    add(Role::gate, shape.d_ff);
    add(Role::up, shape.d_ff);
  }
  if (hyper.n_experts > 0) buffers.experts = lay_out_experts(builder);
  return buffers;
}

void attention_half(ProgramBuilder& builder, const DecoderTraits& traits, const Buffers& at,
                    std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const LayerShape& shape = hyper.layers[layer];
  const std::uint32_t q_width = shape.n_heads * hyper.head_dim;
  const std::uint32_t kv_width = shape.n_kv_heads * hyper.head_dim;
  const Operand q = at.by_width.at({Role::queries, q_width});
  const Operand k = at.by_width.at({Role::keys, kv_width});
  const Operand v = at.by_width.at({Role::values, kv_width});
  const Operand attended = at.by_width.at({Role::attended, q_width});
  builder.rms_norm(at.normed, at.hidden,
                   builder.vector(prefix + "attn_norm.weight", hyper.d_model));
  project_qkv(builder, {q, k, v}, at.normed, prefix, q_width, kv_width);
  if (traits.head_norm == HeadNorm::queries_and_keys) {
    builder.head_norm(q, builder.vector(prefix + "attn_q_norm.weight", hyper.head_dim),
                      shape.n_heads);
    builder.head_norm(k, builder.vector(prefix + "attn_k_norm.weight", hyper.head_dim),
                      shape.n_kv_heads);
  }
  RopeLayout rotation{.n_heads = shape.n_heads,
                      .head_dim = hyper.head_dim,
                      .rotary_dims = hyper.rotary_dims,
                      .style = traits.rope_style,
                      .magnitude = hyper.rope_scaling.magnitude};
  builder.rope(q, rotation);
  rotation.n_heads = shape.n_kv_heads;
  builder.rope(k, rotation);
  builder.kv_append(k, v, layer);
  builder.attention(attended, q, layer);
  project(builder, at.projected, attended, prefix + "attn_output", hyper.d_model, q_width);
  builder.add(at.hidden, at.hidden, at.projected);
}

void feed_forward_half(ProgramBuilder& builder, const RouteTraits& route, const Buffers& at,
                       std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  builder.rms_norm(at.normed, at.hidden, builder.vector(prefix + "ffn_norm.weight", hyper.d_model));
  if (hyper.n_experts > 0 && builder.has_tensor(prefix + "ffn_gate_inp.weight")) {
    routed_experts(builder, route, at.experts, at.projected, at.normed, prefix);
  } else {
    const std::uint32_t d_ff = hyper.layers[layer].d_ff;
    gated_feed_forward(builder, at.projected, at.normed,
                       {at.by_width.at({Role::gate, d_ff}), at.by_width.at({Role::up, d_ff})}, d_ff,
                       prefix, "");
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
