// Tiny models of any shape with random weights, written as GGUF files, and what tests run them
// with. Depends on models and tests/support/models/gguf_writer.h. Values; one thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "models/inline_model.h"
#include "models/session.h"
#include "tests/support/models/gguf_writer.h"
#include "tests/support/models/tiny_tensors.h"

namespace blue::models::testing {

/// What the file states. A width of 0 leaves its key out.
struct TinyShape {
  std::string arch = "llama";
  std::uint32_t n_layers = 2;
  std::uint32_t d_model = 32;
  std::uint32_t n_heads = 4;
  std::uint32_t n_kv_heads = 2;
  std::uint32_t head_dim = 8;
  std::uint32_t d_ff = 48;
  std::uint32_t n_experts = 0;
  std::uint32_t top_k = 0;
  std::uint32_t d_ff_expert = 24;
  std::uint32_t n_vocab = 96;
  std::uint32_t n_context = 128;
  bool has_own_head = true;
  bool has_biases = false;
  bool has_head_norms = false;
  bool has_divisors = false;
  bool has_selection_bias = false;
  std::uint32_t n_extra_layers = 0;       ///< counted in block_count, with other tensors
  std::vector<std::string> missing_keys;  ///< behind "<arch>."
  std::vector<LayerShape> layers;  ///< [n_layers] where they differ; their keys are the test's
  std::function<void(GgufWriter&)> keys = [](GgufWriter&) {};
  std::function<void(TinyTensors&)> change_tensors = [](TinyTensors&) {};
};

class TinyModelWriter {
 public:
  explicit TinyModelWriter(TinyShape shape, std::uint32_t seed = 7)
      : shape_(std::move(shape)), random_(seed) {}

  std::string write() {
    write_keys();
    tensor("token_embd.weight", {shape_.d_model, shape_.n_vocab}, 1.0F);
    for (std::uint32_t layer = 0; layer < shape_.n_layers; ++layer)
      write_layer(layer, "blk." + std::to_string(layer) + ".");
    tensor("output_norm.weight", {shape_.d_model}, 1.0F);
    if (shape_.has_own_head) tensor("output.weight", {shape_.d_model, shape_.n_vocab}, 0.3F);
    if (shape_.has_divisors) tensor("rope_freqs.weight", {shape_.head_dim / 2}, 1.0F, 3.0F);
    for (std::uint32_t i = 0; i < shape_.n_extra_layers; ++i)
      tensor("blk." + std::to_string(shape_.n_layers + i) + ".nextn.eh_proj.weight", {8, 8}, 1.0F);
    shape_.change_tensors(tensors_);
    write_tensors(writer_, tensors_);
    return writer_.finish();
  }

 private:
  void key(const std::string& name, std::uint32_t value) {
    if (value == 0 || std::ranges::count(shape_.missing_keys, name) > 0) return;
    writer_.u32(shape_.arch + "." + name, value);
  }

  void write_keys() {
    writer_.text("general.architecture", shape_.arch).text("general.name", "tiny");
    key("block_count", shape_.n_layers + shape_.n_extra_layers);
    key("context_length", shape_.n_context);
    key("embedding_length", shape_.d_model);
    key("attention.head_count", shape_.n_heads);
    key("feed_forward_length", shape_.d_ff);
    if (shape_.n_kv_heads != shape_.n_heads) key("attention.head_count_kv", shape_.n_kv_heads);
    if (shape_.head_dim * shape_.n_heads != shape_.d_model)
      key("attention.key_length", shape_.head_dim);
    if (shape_.n_experts != 0) {
      writer_.u32(shape_.arch + ".expert_count", shape_.n_experts);
      writer_.u32(shape_.arch + ".expert_used_count", shape_.top_k);
    }
    shape_.keys(writer_);
  }

  void write_layer(std::uint32_t layer, const std::string& prefix) {
    const LayerShape own = shape_.layers.empty()
                               ? LayerShape{shape_.n_heads, shape_.n_kv_heads, shape_.d_ff}
                               : shape_.layers.at(layer);
    const std::uint32_t q_width = own.n_heads * shape_.head_dim;
    const std::uint32_t kv_width = own.n_kv_heads * shape_.head_dim;
    tensor(prefix + "attn_norm.weight", {shape_.d_model}, 1.0F);
    projection(prefix + "attn_q", shape_.d_model, q_width);
    projection(prefix + "attn_k", shape_.d_model, kv_width);
    projection(prefix + "attn_v", shape_.d_model, kv_width);
    projection(prefix + "attn_output", q_width, shape_.d_model);
    if (shape_.has_head_norms) {
      tensor(prefix + "attn_q_norm.weight", {shape_.head_dim}, 1.0F);
      tensor(prefix + "attn_k_norm.weight", {shape_.head_dim}, 1.0F);
    }
    tensor(prefix + "ffn_norm.weight", {shape_.d_model}, 1.0F);
    if (shape_.n_experts == 0) return write_dense(prefix, own.d_ff);
    const std::uint64_t n = shape_.n_experts;
    tensor(prefix + "ffn_gate_inp.weight", {shape_.d_model, n}, 1.0F);
    if (shape_.has_selection_bias) tensor(prefix + "exp_probs_b.bias", {n}, 0.3F);
    tensor(prefix + "ffn_gate_exps.weight", {shape_.d_model, shape_.d_ff_expert, n}, 0.3F);
    tensor(prefix + "ffn_up_exps.weight", {shape_.d_model, shape_.d_ff_expert, n}, 0.3F);
    tensor(prefix + "ffn_down_exps.weight", {shape_.d_ff_expert, shape_.d_model, n}, 0.3F);
  }

  void write_dense(const std::string& prefix, std::uint64_t d_ff) {
    tensor(prefix + "ffn_gate.weight", {shape_.d_model, d_ff}, 0.3F);
    tensor(prefix + "ffn_up.weight", {shape_.d_model, d_ff}, 0.3F);
    tensor(prefix + "ffn_down.weight", {d_ff, shape_.d_model}, 0.3F);
  }

  void projection(const std::string& name, std::uint64_t cols, std::uint64_t rows) {
    tensor(name + ".weight", {cols, rows}, 0.3F);
    if (shape_.has_biases) tensor(name + ".bias", {rows}, 0.5F);
  }

  void tensor(const std::string& name, const std::vector<std::uint64_t>& dims, float largest,
              float middle = 0.0F) {
    std::uint64_t n = 1;
    for (const std::uint64_t dim : dims) n *= dim;
    std::string bytes;
    std::uniform_real_distribution<float> values(middle - largest, middle + largest);
    for (std::uint64_t i = 0; i < n; ++i) GgufWriter::append(bytes, values(random_));
    tensors_.push_back({name, dims, 0, bytes});
  }

  TinyShape shape_;
  std::mt19937 random_;
  GgufWriter writer_;
  TinyTensors tensors_;
};

/// Logits of `tokens` in one sequence, every position, in chunks of the executor's longest step.
inline Result<std::vector<float>> logits_of(Executor& executor, std::span<const TokenId> tokens) {
  std::vector<float> logits;
  BLUE_TRY(executor.reserve(0, static_cast<std::uint32_t>(tokens.size())));
  for (std::size_t done = 0; done < tokens.size();) {
    const std::size_t n =
        std::min<std::size_t>(executor.limits().max_step_tokens, tokens.size() - done);
    std::vector<std::int32_t> positions(n);
    std::vector<std::int32_t> rows(n);
    const std::vector<std::int32_t> sequences(n, 0);
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(done));
    std::iota(rows.begin(), rows.end(), 0);
    BLUE_TRY_ASSIGN(
        const std::span<const float> step,
        executor.step({tokens.subspan(done, n), positions, sequences, rows}, StopToken()));
    logits.insert(logits.end(), step.begin(), step.end());
    done += n;
  }
  return logits;
}

/// Sum of squared differences over the sum of squares.
inline double nmse(std::span<const float> got, std::span<const float> wanted) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    error += std::pow(double{got[i]} - wanted[i], 2);
    norm += std::pow(double{wanted[i]}, 2);
  }
  return error / norm;
}

/// `n` ids below n_vocab, the same each time.
inline std::vector<TokenId> some_tokens(std::size_t n, std::uint32_t n_vocab,
                                        std::uint32_t seed = 3) {
  std::mt19937 random(seed);
  std::vector<TokenId> tokens(n);
  for (TokenId& token : tokens) token = static_cast<TokenId>(random() % n_vocab);
  return tokens;
}

}  // namespace blue::models::testing
