#include "models/blocks/latent_attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/op.h"
#include "models/blocks/projections.h"

namespace blue::models {

namespace {

using kernels::kNoOperand;
using kernels::Op;
using kernels::Operand;
using kernels::OpKind;

constexpr std::uint64_t kMostRank = 1U << 16;
constexpr std::uint64_t kMostHeadsWidth = 1U << 20;  // of all heads together
constexpr std::uint64_t kMostChosen = 0xffff;        // Op::top_k

/// One matrix per head, on the first `cols` values of each of its input's heads.
struct HeadMatrices {
  Operand weight;
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  std::uint32_t head_dim = 0;  ///< of the input
};

void head_linear(ProgramBuilder& builder, Operand out, Operand in, const HeadMatrices& matrices,
                 std::uint32_t n_heads) {
  Op& op = builder.append(OpKind::head_linear, out, in, kNoOperand, matrices.weight);
  op.n_heads = n_heads;
  op.rows = matrices.rows;
  op.cols = matrices.cols;
  op.head_dim = matrices.head_dim;
}

void hadamard(ProgramBuilder& builder, Operand in_out, const IndexerShape& indexer,
              std::uint32_t n_heads) {
  Op& op = builder.append(OpKind::hadamard, in_out, in_out, kNoOperand, kNoOperand);
  op.n_heads = n_heads;
  op.cols = indexer.head_dim;
}

/// mscale² / sqrt(query_dim): YaRN's magnitude, which these models put into the scores and not into
/// the rotation.
float softmax_scale(ProgramBuilder& builder, const LatentShape& shape) {
  const double plain = 1.0 / std::sqrt(static_cast<double>(shape.query_dim()));
  const GgufFile& file = builder.file();
  const std::string prefix = builder.hyper().architecture + ".rope.scaling.";
  if (file.text(prefix + "type").value_or("none") != "yarn") return static_cast<float>(plain);
  const double factor = file.number(prefix + "factor").value_or(1.0);
  const double log_multiplier = file.number(prefix + "yarn_log_multiplier").value_or(0.0);
  const double mscale = factor > 1.0 ? 1.0 + log_multiplier * std::log(factor) : 1.0;
  if (!std::isfinite(mscale) || mscale <= 0.0) {
    builder.fail(ModelsError::bad_shape,
                 prefix + "factor and yarn_log_multiplier make no scale of scores");
    return 1.0F;
  }
  return static_cast<float>(mscale * mscale * plain);
}

void check_equal_heads(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  for (std::size_t layer = 0; layer < hyper.layers.size(); ++layer) {
    if (hyper.layers[layer].n_heads == hyper.n_heads) continue;
    builder.fail(ModelsError::unsupported_format,
                 hyper.architecture + ".attention.head_count is " +
                     std::to_string(hyper.layers[layer].n_heads) + " in layer " +
                     std::to_string(layer) + " and " + std::to_string(hyper.n_heads) +
                     " in another; latent attention needs the same in every layer");
  }
}

}  // namespace

LatentShape read_latent_shape(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  LatentShape shape;
  shape.n_heads = hyper.n_heads;
  shape.rotary_dims = hyper.rotary_dims;
  shape.has_joined_kv =
      builder.has_tensor("blk.0.attn_kv_b.weight") && !builder.has_tensor("blk.0.attn_k_b.weight");
  shape.kv_rank = builder.count("attention.kv_lora_rank", std::nullopt, kMostRank);
  // Some converters write 0 where queries are not compressed.
  if (builder.stated_count("attention.q_lora_rank").value_or(0) != 0)
    shape.q_rank = builder.count("attention.q_lora_rank", std::nullopt, kMostRank);
  // Files with a joined matrix state the sizes of heads, later ones those of the cached row too.
  const bool has_row_sizes = builder.stated_count("attention.key_length_mla").has_value();
  const std::string suffix = has_row_sizes || !shape.has_joined_kv ? "_mla" : "";
  const std::uint32_t query_dim =
      builder.count("attention.key_length" + suffix, std::nullopt, kMostRank);
  shape.value_dim = builder.count("attention.value_length" + suffix, std::nullopt, kMostRank);
  if (query_dim <= shape.rotary_dims) {
    builder.fail(ModelsError::bad_shape, hyper.architecture + ".attention.key_length" + suffix +
                                             " is " + std::to_string(query_dim) +
                                             ", must exceed rope.dimension_count " +
                                             std::to_string(shape.rotary_dims));
    return shape;
  }
  shape.plain_dims = query_dim - shape.rotary_dims;
  const bool is_row_stated = has_row_sizes || !shape.has_joined_kv;
  if ((is_row_stated && hyper.head_dim != shape.row_dim()) ||
      shape.row_dim() > kernels::kMaxLatentDim) {
    builder.fail(
        ModelsError::bad_shape,
        hyper.architecture + ".attention.key_length is " + std::to_string(hyper.head_dim) +
            ", must be kv_lora_rank + rope.dimension_count = " + std::to_string(shape.row_dim()) +
            ", at most " + std::to_string(kernels::kMaxLatentDim));
  }
  check_equal_heads(builder);
  if (std::uint64_t{shape.n_heads} * std::max(query_dim, shape.value_dim) > kMostHeadsWidth) {
    builder.fail(ModelsError::bad_shape, hyper.architecture + ".attention.head_count " +
                                             std::to_string(shape.n_heads) +
                                             " is too large for its head sizes");
    return LatentShape{};
  }
  shape.scale = softmax_scale(builder, shape);
  return shape;
}

IndexerShape read_indexer_shape(ProgramBuilder& builder, const LatentShape& latent) {
  const std::string prefix = builder.hyper().architecture + ".attention.indexer.";
  IndexerShape indexer;
  indexer.n_heads = builder.count("attention.indexer.head_count", std::nullopt, kMostRank);
  indexer.head_dim = builder.count("attention.indexer.key_length", std::nullopt, kMostRank);
  indexer.top_k = builder.count("attention.indexer.top_k", std::nullopt, kMostChosen);
  const bool is_power_of_two = (indexer.head_dim & (indexer.head_dim - 1)) == 0;
  if (!is_power_of_two || indexer.head_dim < latent.rotary_dims ||
      indexer.head_dim > kernels::kMaxLatentDim) {
    builder.fail(ModelsError::bad_shape, prefix + "key_length is " +
                                             std::to_string(indexer.head_dim) +
                                             ", must be a power of two from rope.dimension_count " +
                                             std::to_string(latent.rotary_dims) + " to " +
                                             std::to_string(kernels::kMaxLatentDim));
  }
  if (std::uint64_t{indexer.n_heads} * indexer.head_dim > kMostHeadsWidth) {
    builder.fail(ModelsError::bad_shape, prefix + "head_count " + std::to_string(indexer.n_heads) +
                                             " is too large for its key_length");
    indexer.n_heads = 1;
  }
  if (latent.q_rank == 0) {
    builder.fail(ModelsError::missing_key,
                 "the indexer reads the compressed query: needs the key " +
                     builder.hyper().architecture + ".attention.q_lora_rank");
  }
  return indexer;
}

LatentAttention::LatentAttention(ProgramBuilder& builder, const LatentShape& shape,
                                 const IndexerShape& indexer)
    : builder_(builder), shape_(shape), indexer_(indexer) {
  if (shape.q_rank > 0) at_.q_low = builder.activation(shape.q_rank);
  at_.q = builder.activation(shape.n_heads * shape.query_dim());
  at_.row = builder.activation(shape.row_dim());
  at_.absorbed = builder.activation(shape.n_heads * shape.row_dim());
  at_.attended = builder.activation(shape.n_heads * shape.kv_rank);
  at_.values = builder.activation(shape.n_heads * shape.value_dim);
  at_.chosen = kNoOperand;
  if (indexer.top_k > 0) {
    at_.index_q = builder.activation(indexer.n_heads * indexer.head_dim);
    at_.index_k = builder.activation(indexer.head_dim);
    at_.index_weights = builder.activation(indexer.n_heads);
    at_.chosen = builder.activation(2 * indexer.top_k);
  }
  builder.set_kv_widths(shape.row_dim(), indexer.top_k > 0 ? indexer.head_dim : 0);
}

void LatentAttention::append(std::uint32_t layer, Operand out, Operand in) {
  const std::string prefix = "blk." + std::to_string(layer) + ".";
  const bool is_sparse = indexer_.top_k > 0;
  make_queries(prefix, in);
  make_row(prefix, in);
  if (is_sparse) make_index_row(prefix, in);
  Op& cached = builder_.append(OpKind::kv_append, kNoOperand, at_.row,
                               is_sparse ? at_.index_k : kNoOperand, kNoOperand);
  cached.layer = layer;
  cached.n_kv_heads = 1;
  cached.head_dim = shape_.row_dim();
  cached.value_dim = indexer_.head_dim;
  if (is_sparse) choose(prefix, in, layer);
  attend(prefix, out, layer);
}

void LatentAttention::make_queries(const std::string& prefix, Operand in) {
  const std::uint32_t d_model = builder_.hyper().d_model;
  const std::uint64_t width = std::uint64_t{shape_.n_heads} * shape_.query_dim();
  if (shape_.q_rank == 0) {
    project(builder_, at_.q, in, prefix + "attn_q", width, d_model);
  } else {
    project(builder_, at_.q_low, in, prefix + "attn_q_a", shape_.q_rank, d_model);
    builder_.rms_norm(at_.q_low, at_.q_low,
                      builder_.vector(prefix + "attn_q_a_norm.weight", shape_.q_rank));
    project(builder_, at_.q, at_.q_low, prefix + "attn_q_b", width, shape_.q_rank);
  }
  builder_.rope(at_.q, {.n_heads = shape_.n_heads,
                        .head_dim = shape_.query_dim(),
                        .rotary_dims = shape_.rotary_dims,
                        .rotary_offset = shape_.plain_dims,
                        .style = kernels::RopeStyle::adjacent});
}

void LatentAttention::make_row(const std::string& prefix, Operand in) {
  project(builder_, at_.row, in, prefix + "attn_kv_a_mqa", shape_.row_dim(),
          builder_.hyper().d_model);
  const Operand norm = builder_.vector(prefix + "attn_kv_a_norm.weight", shape_.kv_rank);
  Op& op = builder_.append(OpKind::rms_norm, at_.row, at_.row, kNoOperand, norm);
  op.cols = shape_.kv_rank;
  op.n_heads = 1;
  op.head_dim = shape_.row_dim();
  op.eps = builder_.hyper().rms_eps;
  builder_.rope(at_.row, {.n_heads = 1,
                          .head_dim = shape_.row_dim(),
                          .rotary_dims = shape_.rotary_dims,
                          .rotary_offset = shape_.kv_rank,
                          .style = kernels::RopeStyle::adjacent});
}

/// The rotary part of the indexer's heads is in front.
void LatentAttention::rotate_index(Operand in_out, std::uint32_t n_heads) {
  builder_.rope(in_out, {.n_heads = n_heads,
                         .head_dim = indexer_.head_dim,
                         .rotary_dims = shape_.rotary_dims,
                         .style = kernels::RopeStyle::halves});
}

void LatentAttention::make_index_row(const std::string& prefix, Operand in) {
  constexpr float kIndexEps = 1e-6F;
  const std::uint32_t head_dim = indexer_.head_dim;
  builder_.linear(
      at_.index_k, in,
      builder_.weight(prefix + "indexer.attn_k.weight", head_dim, builder_.hyper().d_model));
  const Operand norm = builder_.vector(prefix + "indexer.k_norm.weight", head_dim);
  Op& op = builder_.append(OpKind::layer_norm, at_.index_k, at_.index_k, kNoOperand, norm);
  op.cols = head_dim;
  op.eps = kIndexEps;
  const Operand bias = builder_.vector(prefix + "indexer.k_norm.bias", head_dim);
  builder_.append(OpKind::add_bias, at_.index_k, at_.index_k, kNoOperand, bias).cols = head_dim;
  rotate_index(at_.index_k, 1);
  hadamard(builder_, at_.index_k, indexer_, 1);
}

void LatentAttention::choose(const std::string& prefix, Operand in, std::uint32_t layer) {
  const std::uint32_t head_dim = indexer_.head_dim;
  const std::uint32_t n_heads = indexer_.n_heads;
  builder_.linear(at_.index_q, at_.q_low,
                  builder_.weight(prefix + "indexer.attn_q_b.weight",
                                  std::uint64_t{n_heads} * head_dim, shape_.q_rank));
  rotate_index(at_.index_q, n_heads);
  hadamard(builder_, at_.index_q, indexer_, n_heads);
  builder_.linear(
      at_.index_weights, in,
      builder_.weight(prefix + "indexer.proj.weight", n_heads, builder_.hyper().d_model));
  Op& op =
      builder_.append(OpKind::index_topk, at_.chosen, at_.index_q, at_.index_weights, kNoOperand);
  op.layer = layer;
  op.n_heads = n_heads;
  op.head_dim = head_dim;
  op.top_k = static_cast<std::uint16_t>(indexer_.top_k);
  op.scale = 1.0F / std::sqrt(static_cast<float>(head_dim) * static_cast<float>(n_heads));
}

Operand LatentAttention::key_matrices(const std::string& prefix) {
  const std::uint64_t n_heads = shape_.n_heads;
  if (!shape_.has_joined_kv) {
    return builder_.weight(prefix + "attn_k_b.weight", n_heads * shape_.kv_rank, shape_.plain_dims);
  }
  const std::uint64_t head_rows = std::uint64_t{shape_.plain_dims} + shape_.value_dim;
  return builder_.head_slice(prefix + "attn_kv_b.weight",
                             {n_heads, head_rows, 0, shape_.plain_dims}, shape_.kv_rank,
                             Conversion::Form::transposed);
}

Operand LatentAttention::value_matrices(const std::string& prefix) {
  const std::uint64_t n_heads = shape_.n_heads;
  if (!shape_.has_joined_kv) {
    return builder_.weight(prefix + "attn_v_b.weight", n_heads * shape_.value_dim, shape_.kv_rank);
  }
  const std::uint64_t head_rows = std::uint64_t{shape_.plain_dims} + shape_.value_dim;
  return builder_.head_slice(prefix + "attn_kv_b.weight",
                             {n_heads, head_rows, shape_.plain_dims, shape_.value_dim},
                             shape_.kv_rank, Conversion::Form::copied);
}

void LatentAttention::attend(const std::string& prefix, Operand out, std::uint32_t layer) {
  head_linear(builder_, at_.absorbed, at_.q,
              {key_matrices(prefix), shape_.kv_rank, shape_.plain_dims, shape_.query_dim()},
              shape_.n_heads);
  Op& op =
      builder_.append(OpKind::attention_latent, at_.attended, at_.absorbed, at_.chosen, kNoOperand);
  op.layer = layer;
  op.n_heads = shape_.n_heads;
  op.head_dim = shape_.row_dim();
  op.value_dim = shape_.kv_rank;
  op.top_k = static_cast<std::uint16_t>(indexer_.top_k);
  op.scale = shape_.scale;
  head_linear(builder_, at_.values, at_.attended,
              {value_matrices(prefix), shape_.value_dim, shape_.kv_rank, shape_.kv_rank},
              shape_.n_heads);
  project(builder_, out, at_.values, prefix + "attn_output", builder_.hyper().d_model,
          std::uint64_t{shape_.n_heads} * shape_.value_dim);
}

}  // namespace blue::models
