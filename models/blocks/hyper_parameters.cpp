// The keys of a file that every decoder states, and the bounds they must keep.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <string>

#include "models/blocks/program_builder.h"

namespace blue::models {

namespace {

// Bounds far above any model, low enough that products of three of them stay below 2^63.
constexpr std::uint64_t kMostLayers = 4096;
constexpr std::uint64_t kMostWidth = 1U << 20;
constexpr std::uint64_t kMostVocab = 1U << 24;
constexpr std::uint64_t kMostExperts = 65535;  // Op counts them in 16 bits
constexpr std::uint64_t kMostActivation = 1U << 26;
constexpr std::uint64_t kMostContext = 1ULL << 31;

}  // namespace

std::uint32_t ProgramBuilder::count(const std::string& key, std::optional<std::uint64_t> if_absent,
                                    std::uint64_t most) {
  const std::string full = program_.hyper.architecture + "." + key;
  std::optional<std::uint64_t> value = file_.unsigned_value(full);
  if (!value) value = if_absent;
  if (!value) {
    fail(ModelsError::missing_key, "needs the key " + full + ", a whole number");
    return 1;
  }
  if (*value == 0 || *value > most) {
    fail(ModelsError::bad_shape,
         full + " is " + std::to_string(*value) + ", must be 1 to " + std::to_string(most));
    return 1;
  }
  return static_cast<std::uint32_t>(*value);
}

float ProgramBuilder::number(const std::string& key, double if_absent) {
  const std::string full = program_.hyper.architecture + "." + key;
  const auto value = static_cast<float>(file_.number(full).value_or(if_absent));
  if (!std::isfinite(value) || value <= 0.0F)
    fail(ModelsError::bad_shape, full + " must be a positive number");
  return value;
}

void ProgramBuilder::read_hyper_parameters() {
  HyperParameters& hyper = program_.hyper;
  hyper.architecture = file_.text("general.architecture").value_or("");
  hyper.name = file_.text("general.name").value_or("");
  hyper.n_layers = count("block_count", std::nullopt, kMostLayers);
  read_further_predictions();
  hyper.n_context = count("context_length", std::nullopt, kMostContext);
  hyper.d_model = count("embedding_length", std::nullopt, kMostWidth);
  read_experts();
  hyper.d_ff =
      count("feed_forward_length",
            hyper.n_experts > 0 ? std::optional<std::uint64_t>(hyper.d_ff_expert) : std::nullopt,
            kMostWidth);
  hyper.n_heads = count("attention.head_count", std::nullopt, kMostWidth);
  hyper.n_kv_heads = count("attention.head_count_kv", hyper.n_heads, kMostWidth);
  hyper.head_dim = count("attention.key_length",
                         std::max<std::uint64_t>(1, hyper.d_model / hyper.n_heads), kMostWidth);
  hyper.rotary_dims = count("rope.dimension_count", hyper.head_dim, kMostWidth);
  hyper.rms_eps = number("attention.layer_norm_rms_epsilon", 1e-5);
  hyper.rope_base = number("rope.freq_base", 10000.0);
  const TensorInfo* embedding = file_.find_tensor("token_embd.weight");
  if (embedding == nullptr)
    return fail(ModelsError::missing_tensor, "needs the tensor token_embd.weight");
  if (embedding->dims[1] == 0 || embedding->dims[1] > kMostVocab) {
    return fail(ModelsError::bad_shape, "token_embd.weight has " +
                                            std::to_string(embedding->dims[1]) +
                                            " rows, must be 1 to " + std::to_string(kMostVocab));
  }
  hyper.n_vocab = static_cast<std::uint32_t>(embedding->dims[1]);
}

/// Multi-token prediction: layers behind the last that guess further tokens; the text does not
/// depend on them. block_count counts them in some files and not in others, so their tensors tell
/// ("blk.61.nextn.eh_proj.weight").
void ProgramBuilder::read_further_predictions() {
  HyperParameters& hyper = program_.hyper;
  const std::string key = hyper.architecture + ".nextn_predict_layers";
  const std::uint64_t n_stated = file_.unsigned_value(key).value_or(0);
  if (n_stated >= hyper.n_layers) {
    return fail(ModelsError::bad_shape, key + " is " + std::to_string(n_stated) +
                                            ", must be below block_count " +
                                            std::to_string(hyper.n_layers));
  }
  std::uint32_t n_main = hyper.n_layers;
  // Stated and counted, with nothing but a gap in their place.
  if (!has_tensor("blk." + std::to_string(n_main - 1) + ".attn_norm.weight"))
    n_main -= static_cast<std::uint32_t>(n_stated);
  std::set<std::string> prefixes;
  for (std::uint32_t i = n_main; i < hyper.n_layers; ++i)
    prefixes.insert("blk." + std::to_string(i) + ".");
  for (const TensorInfo& tensor : file_.tensors()) {
    const std::size_t at = tensor.name.find(".nextn.");
    if (at == std::string::npos || !tensor.name.starts_with("blk.")) continue;
    std::uint32_t layer = 0;
    const char* end = tensor.name.data() + at;
    if (std::from_chars(tensor.name.data() + 4, end, layer).ptr != end || layer == 0) continue;
    n_main = std::min(n_main, layer);
    prefixes.insert(tensor.name.substr(0, at + 1));
  }
  if (prefixes.empty()) return;
  hyper.n_layers = n_main;
  left_out_.insert(left_out_.end(), prefixes.begin(), prefixes.end());
  program_.notes.push_back(std::to_string(prefixes.size()) +
                           " layer(s) for predicting several tokens ahead are left out");
}

void ProgramBuilder::read_experts() {
  HyperParameters& hyper = program_.hyper;
  // A dense file may state 0.
  if (file_.unsigned_value(hyper.architecture + ".expert_count").value_or(0) == 0) return;
  hyper.n_experts = count("expert_count", std::nullopt, kMostExperts);
  hyper.top_k = count("expert_used_count", std::nullopt, hyper.n_experts);
  std::optional<std::uint64_t> width;
  for (const TensorInfo& tensor : file_.tensors()) {
    if (width || !tensor.name.ends_with(".ffn_gate_exps.weight")) continue;
    width = tensor.dims[1];
  }
  hyper.d_ff_expert = count("expert_feed_forward_length", width, kMostWidth);
  if (std::uint64_t{hyper.top_k} * std::max(hyper.d_ff_expert, hyper.d_model) > kMostActivation) {
    fail(ModelsError::bad_shape, "the chosen experts of a token are wider than " +
                                     std::to_string(kMostActivation) + " values");
  }
}

void ProgramBuilder::check_hyper_parameters() {
  const HyperParameters& hyper = program_.hyper;
  const auto value_length = file_.unsigned_value(hyper.architecture + ".attention.value_length");
  if (cached_ == CachedHeads::plain && value_length && *value_length != hyper.head_dim) {
    fail(ModelsError::bad_shape, "attention.value_length is " + std::to_string(*value_length) +
                                     ", must equal attention.key_length " +
                                     std::to_string(hyper.head_dim));
  }
  if (hyper.n_heads % hyper.n_kv_heads != 0) {
    fail(ModelsError::bad_shape, "attention.head_count " + std::to_string(hyper.n_heads) +
                                     " is not a multiple of head_count_kv " +
                                     std::to_string(hyper.n_kv_heads));
  }
  if (hyper.rotary_dims > hyper.head_dim || hyper.rotary_dims % 2 != 0) {
    fail(ModelsError::bad_shape, "rope.dimension_count " + std::to_string(hyper.rotary_dims) +
                                     " must be even and at most the head size " +
                                     std::to_string(hyper.head_dim));
  }
  if (static_cast<std::uint64_t>(hyper.n_heads) * hyper.head_dim > kMostWidth) {
    fail(ModelsError::bad_shape,
         "attention heads are wider than " + std::to_string(kMostWidth) + " values");
  }
}

}  // namespace blue::models
