// Mixes of weight formats, under the names that llama.cpp gives them: which format a tensor gets by
// its role and its layer. Depends on kernels/format.h and gguf_file.h. Pure; any thread.
// Source: ggml-org/llama.cpp, src/llama-quant.cpp (the rules, without an importance matrix).
//
// A mix has a base format, and more bits where errors cost most:
//   output.weight, or the embedding where it is tied
//       Q6_K
//   attn_v, attn_qkv, attn_kv_b
//       Q3_K_M: Q5_K in the first two layers, else Q4_K. Q3_K_L: Q5_K. Q4_K_S: Q5_K in the first
//       four. Q4_K_M, Q5_K_M: Q6_K where "more bits".
//   ffn_down, of experts too
//       Q3_K_M: Q5_K in the first sixteenth, else Q4_K. Q3_K_L: Q5_K. Q4_K_S: Q5_K in the first
//       eighth. Q4_K_M, Q5_K_M: Q6_K where "more bits".
//   attn_output
//       Q3_K_M: Q4_K. Q3_K_L: Q5_K.
// "More bits": the first and the last eighth of the layers, and every third between.
// Models of eight experts: attn_v and attn_k Q8_0, attn_output Q5_K, in the mixes below Q5_K but
// Q3_K_L. Models of 80 layers with grouped queries: attn_v at least Q5_K.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kernels/format.h"
#include "models/gguf/gguf_file.h"

namespace blue::models {

enum class MixRule : std::uint8_t { q3_k_s, q3_k_m, q3_k_l, q4_k_s, q4_k_m, q5_k_s, q5_k_m };

struct QuantizeMix {
  std::string_view name;  ///< "Q4_K_M"
  MixRule rule{};
  std::string_view base;        ///< the format of tensors that no rule names
  std::uint32_t file_type = 0;  ///< general.file_type
};

std::span<const QuantizeMix> quantize_mixes();

/// What the rules depend on.
class MixedModel {
 public:
  /// Errors: missing_key (block_count).
  static Result<MixedModel> read(const GgufFile& file);

  /// The format of the matrix `tensor`.
  [[nodiscard]] const kernels::Format& format_of(const QuantizeMix& mix,
                                                 std::string_view tensor) const;

 private:
  MixedModel() = default;
  [[nodiscard]] std::string_view value_format(const QuantizeMix& mix, std::uint64_t index) const;
  [[nodiscard]] std::string_view down_format(const QuantizeMix& mix, std::uint64_t layer) const;
  [[nodiscard]] std::string_view attention_output_format(const QuantizeMix& mix) const;

  std::uint64_t n_layers_ = 0;
  bool has_eight_experts_ = false;
  bool has_shared_values_ = false;  ///< 80 layers of grouped queries
  bool has_own_output_ = false;
  /// By layer: the how-manieth tensor of values.
  std::map<std::uint64_t, std::uint64_t> value_index_;
};

}  // namespace blue::models
