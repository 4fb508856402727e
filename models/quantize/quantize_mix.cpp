#include "models/quantize/quantize_mix.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"

namespace blue::models {
namespace {

constexpr std::array<QuantizeMix, 7> kMixes{{{"Q3_K_S", MixRule::q3_k_s, "Q3_K", 11},
                                             {"Q3_K_M", MixRule::q3_k_m, "Q3_K", 12},
                                             {"Q3_K_L", MixRule::q3_k_l, "Q3_K", 13},
                                             {"Q4_K_S", MixRule::q4_k_s, "Q4_K", 14},
                                             {"Q4_K_M", MixRule::q4_k_m, "Q4_K", 15},
                                             {"Q5_K_S", MixRule::q5_k_s, "Q5_K", 16},
                                             {"Q5_K_M", MixRule::q5_k_m, "Q5_K", 17}}};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool is_value_like(std::string_view tensor) {
  return contains(tensor, "attn_v.weight") || contains(tensor, "attn_qkv.weight") ||
         contains(tensor, "attn_kv_b.weight");
}

/// N of "blk.N.…"; nothing for another name.
std::optional<std::uint64_t> layer_of(std::string_view tensor) {
  constexpr std::string_view kPrefix = "blk.";
  if (!tensor.starts_with(kPrefix)) return std::nullopt;
  std::uint64_t layer = 0;
  const char* begin = tensor.data() + kPrefix.size();
  const char* end = tensor.data() + tensor.size();
  const auto parsed = std::from_chars(begin, end, layer);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != '.') return std::nullopt;
  return layer;
}

/// The first and the last eighth of n, and every third between.
bool has_more_bits(std::uint64_t i, std::uint64_t n) {
  return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

/// A whole number, or the first of an array.
std::uint64_t first_number(const GgufFile& file, const std::string& key) {
  if (const auto value = file.unsigned_value(key)) return *value;
  const auto values = file.integers(key);
  return values && !values->empty()
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(values->front(), 0))
             : 0;
}

const kernels::Format& named(std::string_view name) {
  const kernels::Format* format = kernels::find_format(name);
  BLUE_CHECK(format != nullptr, std::string(name) + " is not registered");
  return *format;
}

}  // namespace

std::span<const QuantizeMix> quantize_mixes() { return kMixes; }

Result<MixedModel> MixedModel::read(const GgufFile& file) {
  constexpr std::uint64_t kSharedLayers = 80;
  constexpr std::uint64_t kExperts = 8;
  MixedModel model;
  BLUE_TRY_ASSIGN(const std::string_view arch, file.require_text("general.architecture"));
  const std::string prefix = std::string(arch) + ".";
  BLUE_TRY_ASSIGN(model.n_layers_, file.require_unsigned(prefix + "block_count"));
  model.has_eight_experts_ = first_number(file, prefix + "expert_count") == kExperts;
  const std::uint64_t n_heads = first_number(file, prefix + "attention.head_count");
  const std::uint64_t n_kv_heads = first_number(file, prefix + "attention.head_count_kv");
  model.has_shared_values_ =
      model.n_layers_ == kSharedLayers && n_kv_heads > 0 && n_kv_heads < n_heads;
  model.has_own_output_ = file.find_tensor("output.weight") != nullptr;
  for (const TensorInfo& tensor : file.tensors()) {
    const std::optional<std::uint64_t> layer = layer_of(tensor.name);
    if (layer && is_value_like(tensor.name)) model.value_index_[*layer] = 0;
  }
  std::uint64_t index = 0;
  for (auto& [layer, place] : model.value_index_) place = index++;
  return model;
}

std::string_view MixedModel::value_format(const QuantizeMix& mix, std::uint64_t index) const {
  if (has_eight_experts_) return "Q8_0";
  std::string_view format = mix.base;
  switch (mix.rule) {
    case MixRule::q3_k_m: format = index < 2 ? "Q5_K" : "Q4_K"; break;
    case MixRule::q3_k_l: format = "Q5_K"; break;
    case MixRule::q4_k_s: format = index < 4 ? "Q5_K" : "Q4_K"; break;
    case MixRule::q4_k_m:
    case MixRule::q5_k_m:
      if (has_more_bits(index, value_index_.size())) format = "Q6_K";
      break;
    case MixRule::q3_k_s:
    case MixRule::q5_k_s: break;
  }
  const bool is_raised = has_shared_values_ && (format == "Q3_K" || format == "Q4_K");
  return is_raised ? "Q5_K" : format;
}

std::string_view MixedModel::down_format(const QuantizeMix& mix, std::uint64_t layer) const {
  switch (mix.rule) {
    case MixRule::q3_k_m: return layer < n_layers_ / 16 ? "Q5_K" : "Q4_K";
    case MixRule::q3_k_l: return "Q5_K";
    case MixRule::q4_k_s: return layer < n_layers_ / 8 ? "Q5_K" : "Q4_K";
    case MixRule::q4_k_m:
    case MixRule::q5_k_m: return has_more_bits(layer, n_layers_) ? "Q6_K" : mix.base;
    case MixRule::q3_k_s:
    case MixRule::q5_k_s: break;
  }
  return mix.base;
}

std::string_view MixedModel::attention_output_format(const QuantizeMix& mix) const {
  switch (mix.rule) {
    case MixRule::q3_k_s:
    case MixRule::q4_k_s:
    case MixRule::q4_k_m: return has_eight_experts_ ? "Q5_K" : mix.base;
    case MixRule::q3_k_m: return has_eight_experts_ ? "Q5_K" : "Q4_K";
    case MixRule::q3_k_l: return has_eight_experts_ ? mix.base : "Q5_K";
    case MixRule::q5_k_s:
    case MixRule::q5_k_m: break;
  }
  return mix.base;
}

const kernels::Format& MixedModel::format_of(const QuantizeMix& mix,
                                             std::string_view tensor) const {
  const bool is_tied = !has_own_output_ && tensor == "token_embd.weight";
  if (tensor == "output.weight" || is_tied) return named("Q6_K");
  const std::optional<std::uint64_t> layer = layer_of(tensor);
  if (!layer) return named(mix.base);
  if (is_value_like(tensor)) return named(value_format(mix, value_index_.at(*layer)));
  if (has_eight_experts_ && contains(tensor, "attn_k.weight")) return named("Q8_0");
  if (contains(tensor, "ffn_down")) return named(down_format(mix, *layer));
  if (contains(tensor, "attn_output.weight")) return named(attention_output_format(mix));
  return named(mix.base);
}

}  // namespace blue::models
