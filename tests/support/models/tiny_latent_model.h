// Tiny models with latent attention, of any shape, with random weights that depend on a tensor's
// name alone: two models that share a tensor share its values. Depends on
// tests/support/models/gguf_writer.h. Values; one thread.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/models/gguf_writer.h"
#include "tests/support/models/tiny_tensors.h"

namespace blue::models::testing {

/// What the file states. A rank, count or width of 0 leaves its key and its tensors out.
struct TinyLatentShape {
  std::string arch = "deepseek2";
  std::uint32_t n_layers = 2;
  std::uint32_t d_model = 32;
  std::uint32_t n_heads = 4;
  std::uint32_t q_rank = 24;
  std::uint32_t kv_rank = 16;
  std::uint32_t rotary_dims = 4;
  std::uint32_t plain_dims = 8;
  std::uint32_t value_dim = 12;
  std::uint32_t d_ff = 48;
  std::uint32_t n_dense_layers = 1;
  std::uint32_t n_experts = 8;
  std::uint32_t top_k = 2;
  std::uint32_t n_shared = 1;
  std::uint32_t d_ff_expert = 24;
  std::uint32_t n_vocab = 96;
  std::uint32_t index_heads = 0;
  std::uint32_t index_dim = 8;
  std::uint32_t index_top_k = 5;
  bool has_own_head = true;
  bool has_selection_bias = false;
  bool has_joined_kv =
      false;  ///< keys' and values' up-projections in one matrix, as old files have them
  std::vector<std::string> missing_keys;  ///< behind "<arch>."
  std::function<void(GgufWriter&)> keys = [](GgufWriter&) {};
  std::function<void(TinyTensors&)> change_tensors = [](TinyTensors&) {};
  std::vector<std::string> more_tensors;  ///< of 8 values
};

class TinyLatentWriter {
 public:
  explicit TinyLatentWriter(TinyLatentShape shape) : shape_(std::move(shape)) {}

  std::string write() {
    write_keys();
    tensor("token_embd.weight", {shape_.d_model, shape_.n_vocab}, 1.0F);
    for (std::uint32_t layer = 0; layer < shape_.n_layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      write_attention(prefix);
      if (shape_.index_heads > 0) write_indexer(prefix);
      tensor(prefix + "ffn_norm.weight", {shape_.d_model}, 1.0F);
      if (shape_.n_experts == 0 || layer < shape_.n_dense_layers) {
        write_feed_forward(prefix, ".weight", shape_.d_ff);
      } else {
        write_experts(prefix);
      }
    }
    tensor("output_norm.weight", {shape_.d_model}, 1.0F);
    if (shape_.has_own_head) tensor("output.weight", {shape_.d_model, shape_.n_vocab}, 0.3F);
    for (const std::string& name : shape_.more_tensors) tensor(name, {8}, 1.0F);
    shape_.change_tensors(tensors_);
    write_tensors(writer_, tensors_);
    return writer_.finish();
  }

 private:
  void key(const std::string& name, std::uint32_t value) {
    for (const std::string& missing : shape_.missing_keys) {
      if (missing == name) return;
    }
    if (value != 0) writer_.u32(shape_.arch + "." + name, value);
  }

  void write_keys() {
    writer_.text("general.architecture", shape_.arch).text("general.name", "tiny");
    key("block_count", shape_.n_layers);
    key("context_length", 128);
    key("embedding_length", shape_.d_model);
    key("feed_forward_length", shape_.d_ff);
    key("attention.head_count", shape_.n_heads);
    key("attention.head_count_kv", 1);
    key("rope.dimension_count", shape_.rotary_dims);
    key("attention.key_length", shape_.kv_rank + shape_.rotary_dims);
    key("attention.value_length", shape_.kv_rank);
    key("attention.key_length_mla", shape_.plain_dims + shape_.rotary_dims);
    key("attention.value_length_mla", shape_.value_dim);
    key("attention.kv_lora_rank", shape_.kv_rank);
    key("attention.q_lora_rank", shape_.q_rank);
    key("leading_dense_block_count", shape_.n_experts == 0 ? 0 : shape_.n_dense_layers);
    key("expert_count", shape_.n_experts);
    key("expert_used_count", shape_.n_experts == 0 ? 0 : shape_.top_k);
    key("expert_shared_count", shape_.n_experts == 0 ? 0 : shape_.n_shared);
    key("expert_feed_forward_length", shape_.n_experts == 0 ? 0 : shape_.d_ff_expert);
    if (shape_.index_heads > 0) {
      key("attention.indexer.head_count", shape_.index_heads);
      key("attention.indexer.key_length", shape_.index_dim);
      key("attention.indexer.top_k", shape_.index_top_k);
    }
    shape_.keys(writer_);
  }

  void write_attention(const std::string& prefix) {
    const std::uint64_t heads = shape_.n_heads;
    const std::uint64_t q_width = heads * (shape_.plain_dims + shape_.rotary_dims);
    tensor(prefix + "attn_norm.weight", {shape_.d_model}, 1.0F);
    if (shape_.q_rank == 0) {
      tensor(prefix + "attn_q.weight", {shape_.d_model, q_width}, 0.3F);
    } else {
      tensor(prefix + "attn_q_a.weight", {shape_.d_model, shape_.q_rank}, 0.3F);
      tensor(prefix + "attn_q_a_norm.weight", {shape_.q_rank}, 1.0F);
      tensor(prefix + "attn_q_b.weight", {shape_.q_rank, q_width}, 0.3F);
    }
    tensor(prefix + "attn_kv_a_mqa.weight", {shape_.d_model, shape_.kv_rank + shape_.rotary_dims},
           0.3F);
    tensor(prefix + "attn_kv_a_norm.weight", {shape_.kv_rank}, 1.0F);
    if (shape_.has_joined_kv) {
      tensor(prefix + "attn_kv_b.weight",
             {shape_.kv_rank, heads * (shape_.plain_dims + shape_.value_dim)}, 0.4F);
    } else {
      tensor(prefix + "attn_k_b.weight", {shape_.plain_dims, shape_.kv_rank, heads}, 0.4F);
      tensor(prefix + "attn_v_b.weight", {shape_.kv_rank, shape_.value_dim, heads}, 0.4F);
    }
    tensor(prefix + "attn_output.weight", {heads * shape_.value_dim, shape_.d_model}, 0.3F);
  }

  void write_indexer(const std::string& prefix) {
    tensor(prefix + "indexer.k_norm.weight", {shape_.index_dim}, 1.0F);
    tensor(prefix + "indexer.k_norm.bias", {shape_.index_dim}, 0.3F);
    tensor(prefix + "indexer.proj.weight", {shape_.d_model, shape_.index_heads}, 0.3F);
    tensor(prefix + "indexer.attn_k.weight", {shape_.d_model, shape_.index_dim}, 0.3F);
    tensor(prefix + "indexer.attn_q_b.weight",
           {shape_.q_rank, std::uint64_t{shape_.index_heads} * shape_.index_dim}, 0.3F);
  }

  void write_experts(const std::string& prefix) {
    const std::uint64_t n = shape_.n_experts;
    tensor(prefix + "ffn_gate_inp.weight", {shape_.d_model, n}, 1.0F);
    if (shape_.has_selection_bias) tensor(prefix + "exp_probs_b.bias", {n}, 0.3F);
    tensor(prefix + "ffn_gate_exps.weight", {shape_.d_model, shape_.d_ff_expert, n}, 0.3F);
    tensor(prefix + "ffn_up_exps.weight", {shape_.d_model, shape_.d_ff_expert, n}, 0.3F);
    tensor(prefix + "ffn_down_exps.weight", {shape_.d_ff_expert, shape_.d_model, n}, 0.3F);
    if (shape_.n_shared > 0)
      write_feed_forward(prefix, "_shexp.weight", shape_.n_shared * shape_.d_ff_expert);
  }

  void write_feed_forward(const std::string& prefix, const std::string& suffix,
                          std::uint32_t d_ff) {
    tensor(prefix + "ffn_gate" + suffix, {shape_.d_model, d_ff}, 0.3F);
    tensor(prefix + "ffn_up" + suffix, {shape_.d_model, d_ff}, 0.3F);
    tensor(prefix + "ffn_down" + suffix, {d_ff, shape_.d_model}, 0.3F);
  }

  void tensor(const std::string& name, const std::vector<std::uint64_t>& dims, float largest) {
    std::uint64_t n = 1;
    for (const std::uint64_t dim : dims) n *= dim;
    std::seed_seq seed(name.begin(), name.end());
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> values(-largest, largest);
    std::string bytes;
    for (std::uint64_t i = 0; i < n; ++i) GgufWriter::append(bytes, values(random));
    tensors_.push_back({name, dims, 0, bytes});
  }

  TinyLatentShape shape_;
  GgufWriter writer_;
  TinyTensors tensors_;
};

}  // namespace blue::models::testing
