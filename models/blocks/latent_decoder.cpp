#include "models/blocks/latent_decoder.h"

#include <algorithm>
#include <map>
#include <string>

#include "models/blocks/experts.h"
#include "models/blocks/latent_attention.h"
#include "models/blocks/output_head.h"
#include "models/blocks/projections.h"

namespace blue::models {

namespace {

using kernels::Operand;

constexpr std::uint64_t kMostShared = 1024;

/// What the feed-forward halves of all layers share.
struct FeedForward {
  std::uint32_t n_dense_layers = 0;  ///< leading ones
  std::uint32_t d_ff_shared =
      0;  ///< of all shared experts together, which are one wide one; 0: none
  RouteTraits route;
};

/// The buffers that all layers share.
struct Buffers {
  Operand hidden;  ///< the residual stream
  Operand normed;
  Operand projected;
  std::map<std::uint32_t, GatedBuffers> dense;  ///< by the layer's width
  Operand shared_gate;
  Operand shared_up;
  Operand shared;
  ExpertBuffers experts;
};

/// V2 uses softmax, which its files may not state; V3's sigmoid added the selection bias.
kernels::Gating usual_gating(const GgufFile& file) {
  const bool has_bias = std::ranges::any_of(file.tensors(), [](const TensorInfo& tensor) {
    return tensor.name.ends_with(".exp_probs_b.bias");
  });
  return has_bias ? kernels::Gating::sigmoid : kernels::Gating::softmax;
}

FeedForward read_feed_forward(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  FeedForward feed;
  feed.n_dense_layers = hyper.n_layers;
  if (hyper.n_experts == 0) return feed;
  // 0 is as good a number of leading dense layers as any.
  if (builder.stated_count("leading_dense_block_count").value_or(0) == 0) {
    feed.n_dense_layers = 0;
  } else {
    feed.n_dense_layers = builder.count("leading_dense_block_count", std::nullopt, hyper.n_layers);
  }
  if (builder.stated_count("expert_shared_count").value_or(0) > 0) {
    const std::uint32_t n_shared = builder.count("expert_shared_count", std::nullopt, kMostShared);
    feed.d_ff_shared = n_shared * hyper.d_ff_expert;
  }
  feed.route = read_route_traits(builder, {.gating = usual_gating(builder.file()),
                                           .weights = kernels::RouteWeights::as_gated});
  return feed;
}

Buffers lay_out(ProgramBuilder& builder, const FeedForward& feed) {
  const HyperParameters& hyper = builder.hyper();
  Buffers at{};
  at.hidden = builder.activation(hyper.d_model);
  at.normed = builder.activation(hyper.d_model);
  at.projected = builder.activation(hyper.d_model);
  for (std::uint32_t layer = 0; layer < feed.n_dense_layers; ++layer) {
    const std::uint32_t d_ff = hyper.layers[layer].d_ff;
    const auto [dense, is_new] = at.dense.try_emplace(d_ff);
    if (is_new) dense->second = {builder.activation(d_ff), builder.activation(d_ff)};
  }
  if (feed.n_dense_layers < hyper.n_layers) at.experts = lay_out_experts(builder);
  if (feed.d_ff_shared > 0) {
    at.shared_gate = builder.activation(feed.d_ff_shared);
    at.shared_up = builder.activation(feed.d_ff_shared);
    at.shared = builder.activation(hyper.d_model);
  }
  return at;
}

void feed_forward_half(ProgramBuilder& builder, const FeedForward& feed, const Buffers& at,
                       std::uint32_t layer) {
  const HyperParameters& hyper = builder.hyper();
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  builder.rms_norm(at.normed, at.hidden, builder.vector(prefix + "ffn_norm.weight", hyper.d_model));
  if (layer < feed.n_dense_layers) {
    const std::uint32_t d_ff = hyper.layers[layer].d_ff;
    gated_feed_forward(builder, at.projected, at.normed, at.dense.at(d_ff), d_ff, prefix, "");
    builder.add(at.hidden, at.hidden, at.projected);
    return;
  }
  // The shared experts first: their weights are known to be needed, and the router's choice can be
  // fetched meanwhile.
  if (feed.d_ff_shared > 0) {
    gated_feed_forward(builder, at.shared, at.normed, {at.shared_gate, at.shared_up},
                       feed.d_ff_shared, prefix, "_shexp");
  }
  routed_experts(builder, feed.route, at.experts, at.projected, at.normed, prefix);
  builder.add(at.hidden, at.hidden, at.projected);
  if (feed.d_ff_shared > 0) builder.add(at.hidden, at.hidden, at.shared);
}

}  // namespace

Result<Program> compile_latent_decoder(const GgufFile& file, LatentPositions positions) {
  ProgramBuilder builder(file, CachedHeads::latent);
  const HyperParameters& hyper = builder.hyper();
  const LatentShape shape = read_latent_shape(builder);
  const IndexerShape indexer = positions == LatentPositions::chosen_by_indexer
                                   ? read_indexer_shape(builder, shape)
                                   : IndexerShape{};
  const FeedForward feed = read_feed_forward(builder);
  const Buffers at = lay_out(builder, feed);
  LatentAttention attention(builder, shape, indexer);

  builder.begin_block(memory::BlockKind::embedding, "embedding");
  const Operand embedding = builder.weight("token_embd.weight", hyper.n_vocab, hyper.d_model);
  builder.embed(at.hidden, embedding);

  for (std::uint32_t layer = 0; layer < hyper.n_layers; ++layer) {
    builder.begin_block(memory::BlockKind::layer, "layer." + std::to_string(layer));
    builder.rms_norm(
        at.normed, at.hidden,
        builder.vector("blk." + std::to_string(layer) + ".attn_norm.weight", hyper.d_model));
    attention.append(layer, at.projected, at.normed);
    builder.add(at.hidden, at.hidden, at.projected);
    feed_forward_half(builder, feed, at, layer);
  }

  return builder.finish(append_output_head(builder, at.hidden, embedding));
}

}  // namespace blue::models
