#include "models/quantize/quantize_plan.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>

#include "tests/support/models/gguf_writer.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kI32 = 26;  // an integer type, which no weight format has

GgufFile model_of(const std::map<std::string, std::vector<std::uint64_t>>& tensors,
                  std::uint32_t type = kF32) {
  GgufWriter writer;
  writer.text("general.architecture", "llama");
  for (const auto& [name, dims] : tensors) {
    std::uint64_t n = 1;
    for (const std::uint64_t dim : dims) n *= dim;
    writer.tensor(name, dims, type, std::string(n * 4, '\0'));
  }
  const std::string bytes = writer.finish();
  return GgufFile::parse(as_bytes(bytes), bytes.size(), "m.gguf").value();
}

std::map<std::string, std::string> formats_of(const QuantizePlan& plan) {
  std::map<std::string, std::string> formats;
  for (const PlannedTensor& planned : plan.tensors)
    formats[planned.tensor->name] = planned.to->name;
  return formats;
}

const kernels::Format& format(std::string_view name) { return *require_format(name).value(); }

TEST_CASE("matrices and expert stacks get the format, and vectors, norms and routers stay F32") {
  const GgufFile file = model_of({{"token_embd.weight", {256, 8}},
                                  {"blk.0.attn_norm.weight", {256}},
                                  {"blk.0.attn_q.bias", {256}},
                                  {"blk.0.attn_q_norm.weight", {256, 2}},
                                  {"blk.0.ffn_gate_inp.weight", {256, 4}},
                                  {"blk.0.ffn_gate_exps.weight", {256, 4, 3}},
                                  {"one_row.weight", {256, 1}},
                                  {"output.weight", {256, 8}}});
  const QuantizePlan plan = plan_quantize(file, format("q4_k"), {}).value();
  CHECK(formats_of(plan) ==
        std::map<std::string, std::string>{{"token_embd.weight", "Q4_K"},
                                           {"blk.0.attn_norm.weight", "F32"},
                                           {"blk.0.attn_q.bias", "F32"},
                                           {"blk.0.attn_q_norm.weight", "F32"},
                                           {"blk.0.ffn_gate_inp.weight", "F32"},
                                           {"blk.0.ffn_gate_exps.weight", "Q4_K"},
                                           {"one_row.weight", "F32"},
                                           {"output.weight", "Q4_K"}});
  CHECK(describe_fallbacks(plan).empty());
}

TEST_CASE("rows that do not divide get the next finer format that does, and one line says so") {
  const GgufFile file =
      model_of({{"a.weight", {96, 2}}, {"b.weight", {100, 2}}, {"c.weight", {512, 2}}});
  const std::map<std::string, std::string> finer = {
      {"Q2_K", "MXFP4"}, {"Q3_K", "MXFP4"}, {"IQ4_XS", "IQ4_NL"}, {"Q4_K", "Q4_1"},
      {"Q5_K", "Q5_1"},  {"Q6_K", "Q8_0"},  {"Q4_0", "Q4_0"}};
  for (const auto& [wanted, got] : finer) {
    INFO(wanted);
    const QuantizePlan plan = plan_quantize(file, format(wanted), {}).value();
    const auto formats = formats_of(plan);
    CHECK(formats.at("a.weight") == got);
    CHECK(formats.at("b.weight") == "F16");
    CHECK(formats.at("c.weight") == wanted);
    const std::string line = describe_fallbacks(plan);
    CHECK(line.find(wanted == "Q4_0" ? "1 tensor do" : "2 tensors do") != std::string::npos);
    CHECK(line.find(wanted == "Q4_0" ? "b.weight" : "a.weight") != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
  }
}

TEST_CASE("the last override that fits counts, also for routers, never for vectors") {
  const GgufFile file = model_of({{"blk.0.ffn_down.weight", {256, 2}},
                                  {"blk.0.ffn_gate_inp.weight", {256, 2}},
                                  {"blk.0.norm.weight", {256}},
                                  {"blk.1.ffn_down.weight", {256, 2}}});
  const std::vector<FormatOverride> overrides = {
      parse_override("blk.*=Q8_0").value(),
      parse_override("blk.[1-9].ffn_down.weight=q6_k").value()};
  CHECK(formats_of(plan_quantize(file, format("Q4_K"), overrides).value()) ==
        std::map<std::string, std::string>{{"blk.0.ffn_down.weight", "Q8_0"},
                                           {"blk.0.ffn_gate_inp.weight", "Q8_0"},
                                           {"blk.0.norm.weight", "F32"},
                                           {"blk.1.ffn_down.weight", "Q6_K"}});
}

TEST_CASE("an override that fits nothing or is none, and unknown formats, are refused by name") {
  const GgufFile file = model_of({{"a.weight", {256, 2}}});
  const auto unused = plan_quantize(file, format("Q4_K"), {parse_override("b.*=Q8_0").value()});
  REQUIRE_FALSE(unused);
  CHECK(unused.error().message().find("\"b.*\"") != std::string::npos);
  for (const std::string text : {"Q8_0", "=Q8_0", "a.*=", "a.*=Q9_9", ""}) {
    INFO(text);
    const auto parsed = parse_override(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().is(ModelsError::unsupported_format));
  }
  const auto unknown = require_format("q4_k_m");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message().find("q4_k_m") != std::string::npos);
  CHECK(unknown.error().message().find(" IQ4_XS") != std::string::npos);
}

TEST_CASE("a tensor that cannot be read is named with its type") {
  const GgufFile file = model_of({{"ids.weight", {4, 2}}}, kI32);
  const auto plan = plan_quantize(file, format("Q8_0"), {});
  REQUIRE_FALSE(plan);
  CHECK(plan.error().is(ModelsError::unsupported_format));
  CHECK(plan.error().message().find("m.gguf: tensor \"ids.weight\" is of type I32") == 0);
}

}  // namespace
}  // namespace blue::models
