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

/// The experts' width, as their tensors have it; nothing where there are none.
std::optional<std::uint64_t> stored_expert_width(const GgufFile& file) {
  for (const TensorInfo& tensor : file.tensors()) {
    const std::string_view name = tensor.name;
    if (name.ends_with(".ffn_gate_exps.weight") || name.ends_with(".ffn_gate.0.weight"))
      return tensor.dims[1];
    if (name.ends_with(".ffn_gate_up_exps.weight")) return tensor.dims[1] / 2;
  }
  return std::nullopt;
}

}  // namespace

void ProgramBuilder::read_hyper_parameters() {
  HyperParameters& hyper = program_.hyper;
  hyper.architecture = file_.text("general.architecture").value_or("");
  hyper.name = file_.text("general.name").value_or("");
  hyper.n_layers = count("block_count", std::nullopt, kMostLayers);
  read_further_predictions();
  hyper.n_context = count("context_length", std::nullopt, kMostContext);
  hyper.d_model = count("embedding_length", std::nullopt, kMostWidth);
  read_experts();
  read_layers();
  const std::uint32_t usual_head_dim = std::max(1U, hyper.d_model / hyper.layers.front().n_heads);
  hyper.head_dim = count("attention.key_length", usual_head_dim, kMostWidth);
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

/// Heads and the feed-forward's width: one number for all layers, or an array of one per layer.
void ProgramBuilder::read_layers() {
  HyperParameters& hyper = program_.hyper;
  const auto one_per_layer = [&](const std::string& key, std::uint32_t if_absent) {
    std::vector<std::uint32_t> counts = counts_per_layer(key, kMostWidth);
    if (!counts.empty()) return counts;
    if (if_absent == 0) count(key, std::nullopt, kMostWidth);  // reports what is missing
    return std::vector<std::uint32_t>(hyper.n_layers, std::max(1U, if_absent));
  };
  const std::vector<std::uint32_t> heads = one_per_layer("attention.head_count", 0);
  const std::vector<std::uint32_t> widths = one_per_layer("feed_forward_length", hyper.d_ff_expert);
  std::vector<std::uint32_t> kv_heads = counts_per_layer("attention.head_count_kv", kMostWidth);
  if (kv_heads.empty()) kv_heads = heads;
  for (std::size_t layer = 0; layer < hyper.n_layers; ++layer)
    hyper.layers.push_back({heads[layer], kv_heads[layer], widths[layer]});
  hyper.n_heads = *std::ranges::max_element(heads);
  hyper.n_kv_heads = *std::ranges::max_element(kv_heads);
  hyper.d_ff = *std::ranges::max_element(widths);
}

/// Multi-token prediction: layers behind the last that guess further tokens; the text does not
/// depend on them. block_count counts them in some files and not in others, so their tensors decide
/// ("blk.61.nextn.eh_proj.weight").
void ProgramBuilder::read_further_predictions() {
  HyperParameters& hyper = program_.hyper;
  n_stated_layers_ = hyper.n_layers;
  const std::uint64_t n_stated = stated_count("nextn_predict_layers").value_or(0);
  if (n_stated >= hyper.n_layers) {
    return fail(ModelsError::bad_shape,
                hyper.architecture + ".nextn_predict_layers is " + std::to_string(n_stated) +
                    ", must be below block_count " + std::to_string(hyper.n_layers));
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
  if (stated_count("expert_count").value_or(0) == 0) return;
  hyper.n_experts = count("expert_count", std::nullopt, kMostExperts);
  hyper.top_k = count("expert_used_count", std::nullopt, hyper.n_experts);
  hyper.d_ff_expert = count("expert_feed_forward_length", stored_expert_width(file_), kMostWidth);
  if (std::uint64_t{hyper.top_k} * std::max(hyper.d_ff_expert, hyper.d_model) > kMostActivation) {
    fail(ModelsError::bad_shape, "the chosen experts of a token are wider than " +
                                     std::to_string(kMostActivation) + " values");
  }
}

void ProgramBuilder::check_hyper_parameters() {
  const HyperParameters& hyper = program_.hyper;
  const auto value_length = stated_count("attention.value_length");
  if (cached_ == CachedHeads::plain && value_length && *value_length != hyper.head_dim) {
    fail(ModelsError::unsupported_format,
         hyper.architecture + ".attention.value_length is " + std::to_string(*value_length) +
             ", must equal attention.key_length " + std::to_string(hyper.head_dim) +
             ": this build knows no values of another width than keys");
  }
  for (std::size_t layer = 0; layer < hyper.layers.size(); ++layer) {
    const LayerShape& shape = hyper.layers[layer];
    if (shape.n_heads % shape.n_kv_heads == 0) continue;
    fail(ModelsError::bad_shape,
         hyper.architecture + ".attention.head_count " + std::to_string(shape.n_heads) +
             " is not a multiple of head_count_kv " + std::to_string(shape.n_kv_heads) +
             " in layer " + std::to_string(layer));
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
