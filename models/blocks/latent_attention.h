// Multi-head latent attention: one compressed row per token in the cache, shared by all heads, with
// the up-projections of keys and values absorbed into queries and outputs; with a lightning indexer
// where the architecture attends to chosen positions. Depends on models/blocks/program_builder.h.
// Lifetime: one compilation; one thread.
// Source: DeepSeek-AI 2024, DeepSeek-V2, §2.1; DeepSeek-AI 2025, DeepSeek-V3.2, §2.1.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/op.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

/// The sizes of latent attention, in values.
struct LatentShape {
  std::uint32_t n_heads = 0;
  std::uint32_t q_rank =
      0;  ///< of the compressed query; 0: queries come from the layer's input at once
  std::uint32_t kv_rank = 0;      ///< of the compressed keys and values
  std::uint32_t rotary_dims = 0;  ///< the part of a key that rotates, one for all heads
  std::uint32_t plain_dims = 0;   ///< the part of a head's query and key that does not
  std::uint32_t value_dim = 0;    ///< of one head
  float scale = 1.0F;             ///< of scores before softmax
  /// The up-projections of keys and values lie in one matrix, as in files of before April 2025.
  bool has_joined_kv = false;

  [[nodiscard]] std::uint32_t query_dim() const { return plain_dims + rotary_dims; }
  /// What the cache keeps of a token.
  [[nodiscard]] std::uint32_t row_dim() const { return kv_rank + rotary_dims; }
};

/// The sizes of the lightning indexer. top_k 0: there is none, all positions are attended to.
struct IndexerShape {
  std::uint32_t n_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t top_k = 0;
};

/// Reads "<arch>.attention.kv_lora_rank" and its kin. Errors stick in the builder: missing_key,
/// bad_shape.
LatentShape read_latent_shape(ProgramBuilder& builder);
/// Reads "<arch>.attention.indexer.*". `latent`: what it must fit. Errors as above.
IndexerShape read_indexer_shape(ProgramBuilder& builder, const LatentShape& latent);

class LatentAttention {
 public:
  /// Lays out the buffers that all layers share, and sets the rows of the cache.
  LatentAttention(ProgramBuilder& builder, const LatentShape& shape, const IndexerShape& indexer);

  /// out = W_o · attention(in) of layer `layer`; both [d_model]; in is the layer's normed input.
  void append(std::uint32_t layer, kernels::Operand out, kernels::Operand in);

 private:
  struct Buffers {
    kernels::Operand q_low;     ///< [q_rank]
    kernels::Operand q;         ///< [n_heads, query_dim]
    kernels::Operand row;       ///< [row_dim]: what goes into the cache
    kernels::Operand absorbed;  ///< [n_heads, row_dim]
    kernels::Operand attended;  ///< [n_heads, kv_rank]
    kernels::Operand values;    ///< [n_heads, value_dim]
    kernels::Operand index_q;   ///< [indexer heads, head_dim]
    kernels::Operand index_k;   ///< [indexer head_dim]
    kernels::Operand index_weights;
    kernels::Operand chosen;  ///< [2 · top_k]
  };

  void make_queries(const std::string& prefix, kernels::Operand in);
  void make_row(const std::string& prefix, kernels::Operand in);
  void rotate_index(kernels::Operand in_out, std::uint32_t n_heads);
  void make_index_row(const std::string& prefix, kernels::Operand in);
  void choose(const std::string& prefix, kernels::Operand in, std::uint32_t layer);
  /// Each head's up-projection of keys, as it is absorbed into queries: [n_heads · kv_rank,
  /// plain_dims]; and of values: [n_heads · value_dim, kv_rank].
  kernels::Operand key_matrices(const std::string& prefix);
  kernels::Operand value_matrices(const std::string& prefix);
  void attend(const std::string& prefix, kernels::Operand out, std::uint32_t layer);

  ProgramBuilder& builder_;
  LatentShape shape_;
  IndexerShape indexer_;
  Buffers at_{};
};

}  // namespace blue::models
