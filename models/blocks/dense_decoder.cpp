#include "models/blocks/dense_decoder.h"

#include <string>

namespace blue::models {

namespace {

using kernels::Slot;

/// The buffers that all layers share.
struct Buffers {
  Slot hidden;  ///< the residual stream
  Slot normed;
  Slot q;
  Slot k;
  Slot v;
  Slot attended;
  Slot projected;
  Slot gate;
  Slot up;
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
  return buffers;
}

void attention_half(ProgramBuilder& builder, const DenseDecoderTraits& traits, const Buffers& at,
                    std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const std::uint64_t q_width = std::uint64_t{hyper.n_heads} * hyper.head_dim;
  const std::uint64_t kv_width = std::uint64_t{hyper.n_kv_heads} * hyper.head_dim;
  builder.rms_norm(at.normed, at.hidden, builder.weight(prefix + "attn_norm.weight", 1, hyper.d_model));
  builder.linear(at.q, at.normed, builder.weight(prefix + "attn_q.weight", q_width, hyper.d_model));
  builder.linear(at.k, at.normed, builder.weight(prefix + "attn_k.weight", kv_width, hyper.d_model));
  builder.linear(at.v, at.normed, builder.weight(prefix + "attn_v.weight", kv_width, hyper.d_model));
  if (traits.head_norm == HeadNorm::queries_and_keys) {
    builder.head_norm(at.q, builder.weight(prefix + "attn_q_norm.weight", 1, hyper.head_dim), hyper.n_heads);
    builder.head_norm(at.k, builder.weight(prefix + "attn_k_norm.weight", 1, hyper.head_dim),
                      hyper.n_kv_heads);
  }
  builder.rope(at.q, hyper.n_heads, traits.rope_style);
  builder.rope(at.k, hyper.n_kv_heads, traits.rope_style);
  builder.kv_append(at.k, at.v, layer);
  builder.attention(at.attended, at.q, layer);
  builder.linear(at.projected, at.attended,
                 builder.weight(prefix + "attn_output.weight", hyper.d_model, q_width));
  builder.add(at.hidden, at.hidden, at.projected);
}

void feed_forward_half(ProgramBuilder& builder, const Buffers& at, std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  builder.rms_norm(at.normed, at.hidden, builder.weight(prefix + "ffn_norm.weight", 1, hyper.d_model));
  builder.linear(at.gate, at.normed, builder.weight(prefix + "ffn_gate.weight", hyper.d_ff, hyper.d_model));
  builder.linear(at.up, at.normed, builder.weight(prefix + "ffn_up.weight", hyper.d_ff, hyper.d_model));
  builder.silu_mul(at.gate, at.gate, at.up);
  builder.linear(at.projected, at.gate,
                 builder.weight(prefix + "ffn_down.weight", hyper.d_model, hyper.d_ff));
  builder.add(at.hidden, at.hidden, at.projected);
}

}  // namespace

Result<Program> compile_dense_decoder(const GgufFile& file, const DenseDecoderTraits& traits) {
  ProgramBuilder builder(file);
  const HyperParameters& hyper = builder.hyper();
  const Buffers at = lay_out(builder);

  builder.begin_block(memory::BlockKind::embedding, "embedding");
  const Slot embedding = builder.weight("token_embd.weight", hyper.n_vocab, hyper.d_model);
  builder.embed(at.hidden, embedding);

  for (std::uint32_t layer = 0; layer < hyper.n_layers; ++layer) {
    builder.begin_block(memory::BlockKind::layer, "layer." + std::to_string(layer));
    attention_half(builder, traits, at, layer);
    feed_forward_half(builder, at, layer);
  }

  const Slot last = builder.activation(hyper.d_model, kernels::RowSet::outputs);
  const Slot last_normed = builder.activation(hyper.d_model, kernels::RowSet::outputs);
  const Slot logits = builder.activation(hyper.n_vocab, kernels::RowSet::outputs);
  builder.begin_block(memory::BlockKind::head, "head");
  builder.gather_rows(last, at.hidden);
  builder.rms_norm(last_normed, last, builder.weight("output_norm.weight", 1, hyper.d_model));
  const bool has_own_head = builder.has_tensor("output.weight");
  builder.linear(logits, last_normed,
                 has_own_head ? builder.weight("output.weight", hyper.n_vocab, hyper.d_model) : embedding);
  return builder.finish(logits);
}

}  // namespace blue::models
