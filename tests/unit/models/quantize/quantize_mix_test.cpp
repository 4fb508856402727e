// Mixes: the format of every tensor against what llama.cpp's files of the same names hold.
#include "models/quantize/quantize_mix.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>

#include "models/quantize/quantize_plan.h"
#include "tests/support/models/gguf_writer.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;
using Formats = std::map<std::string, std::string>;
using Counts = std::map<std::string, int>;

struct Shape {
  std::uint32_t n_layers = 32;
  std::uint32_t n_kv_heads = 8;
  std::uint32_t n_experts = 0;
  bool has_own_output = true;
};

GgufFile model_of(const Shape& shape) {
  GgufWriter writer;
  writer.text("general.architecture", "llama").u32("llama.block_count", shape.n_layers);
  writer.u32("llama.attention.head_count", 32);
  writer.u32("llama.attention.head_count_kv", shape.n_kv_heads);
  writer.u32("llama.expert_count", shape.n_experts);
  const auto matrix = [&](const std::string& name, bool is_stack = false) {
    std::vector<std::uint64_t> dims{256, 2};
    if (is_stack) dims.push_back(2);
    writer.tensor(name, dims, 0, std::string(is_stack ? 4096 : 2048, '\0'));
  };
  matrix("token_embd.weight");
  for (std::uint32_t layer = 0; layer < shape.n_layers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    writer.tensor(prefix + "attn_norm.weight", {256}, 0, std::string(1024, '\0'));
    for (const std::string name : {"attn_q", "attn_k", "attn_v", "attn_output"})
      matrix(prefix + name + ".weight");
    for (const std::string name : {"ffn_gate", "ffn_up", "ffn_down"})
      matrix(prefix + name + (shape.n_experts > 0 ? "_exps.weight" : ".weight"),
             shape.n_experts > 0);
  }
  if (shape.has_own_output) matrix("output.weight");
  const std::string bytes = writer.finish();
  return GgufFile::parse(as_bytes(bytes), bytes.size(), "m.gguf").value();
}

Formats formats_of(const Shape& shape, std::string_view type) {
  const GgufFile file = model_of(shape);
  const QuantizePlan plan = plan_quantize(file, require_quantize_type(type).value(), {}).value();
  Formats formats;
  for (const PlannedTensor& planned : plan.tensors)
    formats[planned.tensor->name] = planned.to->name;
  return formats;
}

Counts counts_of(const Formats& formats) {
  Counts counts;
  for (const auto& [tensor, format] : formats) ++counts[format];
  return counts;
}

std::vector<int> layers_of(const Formats& formats, const std::string& name,
                           const std::string& format) {
  std::vector<int> layers;
  for (int layer = 0; formats.contains("blk." + std::to_string(layer) + name); ++layer) {
    if (formats.at("blk." + std::to_string(layer) + name) == format) layers.push_back(layer);
  }
  return layers;
}

}  // namespace

TEST_CASE("a model of 32 layers gets as many tensors of each format as published files have") {
  // What llama.cpp prints when it loads such files of Llama-2-7B and Mistral-7B.
  const std::map<std::string, Counts> wanted{
      {"Q3_K_S", {{"Q3_K", 225}, {"Q6_K", 1}}},
      {"Q3_K_M", {{"Q3_K", 129}, {"Q4_K", 92}, {"Q5_K", 4}, {"Q6_K", 1}}},
      {"Q3_K_L", {{"Q3_K", 129}, {"Q5_K", 96}, {"Q6_K", 1}}},
      {"Q4_K_S", {{"Q4_K", 217}, {"Q5_K", 8}, {"Q6_K", 1}}},
      {"Q4_K_M", {{"Q4_K", 193}, {"Q6_K", 33}}},
      {"Q5_K_S", {{"Q5_K", 225}, {"Q6_K", 1}}},
      {"q5_k_m", {{"Q5_K", 193}, {"Q6_K", 33}}},
      {"Q6_K", {{"Q6_K", 226}}},
      {"Q8_0", {{"Q8_0", 226}}}};
  for (auto [type, counts] : wanted) {
    INFO(type);
    counts["F32"] = 32;
    CHECK(counts_of(formats_of({}, type)) == counts);
  }
}

TEST_CASE("the layers that get more bits are the outer eighths and every third between") {
  const std::vector<int> more{0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31};
  const Formats medium = formats_of({}, "Q4_K_M");
  CHECK(layers_of(medium, ".attn_v.weight", "Q6_K") == more);
  CHECK(layers_of(medium, ".ffn_down.weight", "Q6_K") == more);
  CHECK(medium.at("output.weight") == "Q6_K");
  CHECK(medium.at("token_embd.weight") == "Q4_K");
  const Formats small = formats_of({}, "Q4_K_S");
  CHECK(layers_of(small, ".attn_v.weight", "Q5_K") == std::vector<int>{0, 1, 2, 3});
  CHECK(layers_of(small, ".ffn_down.weight", "Q5_K") == std::vector<int>{0, 1, 2, 3});
  const Formats three = formats_of({}, "Q3_K_M");
  CHECK(layers_of(three, ".attn_v.weight", "Q5_K") == std::vector<int>{0, 1});
  CHECK(layers_of(three, ".ffn_down.weight", "Q5_K") == std::vector<int>{0, 1});
  CHECK(layers_of(three, ".attn_output.weight", "Q4_K").size() == 32);
}

TEST_CASE("a tied embedding is stored as the output would be") {
  CHECK(formats_of({.has_own_output = false}, "Q4_K_M").at("token_embd.weight") == "Q6_K");
  CHECK(formats_of({.has_own_output = false}, "Q8_0").at("token_embd.weight") == "Q8_0");
}

TEST_CASE("eight experts share attention tensors of more bits") {
  const Formats mixture = formats_of({.n_experts = 8}, "Q4_K_M");
  CHECK(counts_of(mixture) ==
        Counts{{"F32", 32}, {"Q8_0", 64}, {"Q5_K", 32}, {"Q6_K", 17}, {"Q4_K", 113}});
  CHECK(mixture.at("blk.5.attn_v.weight") == "Q8_0");
  CHECK(mixture.at("blk.5.attn_k.weight") == "Q8_0");
  CHECK(mixture.at("blk.5.attn_output.weight") == "Q5_K");
  CHECK(mixture.at("blk.6.ffn_down_exps.weight") == "Q6_K");
  CHECK(mixture.at("blk.5.ffn_down_exps.weight") == "Q4_K");
  const Formats many = formats_of({.n_experts = 128}, "Q4_K_M");
  CHECK(counts_of(many) == Counts{{"F32", 32}, {"Q6_K", 33}, {"Q4_K", 193}});
}

TEST_CASE("80 layers of grouped queries keep their few values in at least Q5_K") {
  const Formats grouped = formats_of({.n_layers = 80}, "Q4_K_M");
  CHECK(layers_of(grouped, ".attn_v.weight", "Q5_K").size() +
            layers_of(grouped, ".attn_v.weight", "Q6_K").size() ==
        80);
  const Formats plain = formats_of({.n_layers = 80, .n_kv_heads = 32}, "Q4_K_M");
  CHECK(layers_of(plain, ".attn_v.weight", "Q5_K").empty());
}

TEST_CASE("an override counts more than the mix, and types that are not there are told by name") {
  const GgufFile file = model_of({.n_layers = 2});
  const QuantizePlan plan = plan_quantize(file, require_quantize_type("Q4_K_M").value(),
                                          {parse_override("output.weight=F16").value()})
                                .value();
  CHECK(std::string_view(plan.tensors.back().to->name) == "F16");
  const auto lacking = require_quantize_type("iq2_xxs");
  REQUIRE_FALSE(lacking);
  CHECK(lacking.error().message().starts_with("weight format IQ2_XXS cannot be written"));
  CHECK(lacking.error().message().find("Q4_K_M") != std::string::npos);
  const auto unknown = require_quantize_type("Q4_K_\x1b[2J");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message().find('\x1b') == std::string::npos);
}

}  // namespace blue::models
