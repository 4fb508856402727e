// Decoders of shapes that no golden model has: the CPU against the reference, whole runs against
// runs in tiers.
#include "models/blocks/decoder.h"

#include <catch2/catch_test_macros.hpp>

#include "models/arch.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::GgufWriter;
using testing::TinyModelWriter;
using testing::TinyShape;

struct NamedShape {
  std::string name;
  TinyShape shape;
};

TinyShape with(TinyShape shape, std::function<void(GgufWriter&)> keys) {
  shape.keys = std::move(keys);
  return shape;
}

void yarn_keys(GgufWriter& keys) {
  keys.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 8.0F);
  keys.u32("llama.rope.scaling.original_context_length", 16);
}

std::vector<NamedShape> shapes() {
  return {
      {"three layers, one kv head, tied head",
       {.n_layers = 3, .n_kv_heads = 1, .has_own_head = false}},
      {"one layer, as many kv heads as heads, biases",
       {.n_layers = 1, .n_kv_heads = 4, .has_biases = true}},
      {"heads wider than the model", {.head_dim = 36}},
      {"linear scaling",
       with({}, [](GgufWriter& keys) { keys.f32("llama.rope.scaling.factor", 4.0F); })},
      {"YaRN", with({}, yarn_keys)},
      {"divisors", {.has_divisors = true}},
      {"partly rotated",
       with({}, [](GgufWriter& keys) { keys.u32("llama.rope.dimension_count", 4); })},
      {"qwen2", {.arch = "qwen2", .n_layers = 3, .has_biases = true}},
      {"Mixtral", {.n_experts = 8, .top_k = 2, .d_ff_expert = 48}},
      {"64 experts, 6 chosen",
       {.arch = "qwen3moe", .n_layers = 3, .n_experts = 64, .top_k = 6, .has_head_norms = true}},
      {"24 experts, 6 chosen, no width of dense layers",
       {.arch = "qwen3moe",
        .d_ff = 0,
        .n_experts = 24,
        .top_k = 6,
        .d_ff_expert = 20,
        .has_head_norms = true}},
      {"one expert", {.n_experts = 1, .top_k = 1}},
      {"sigmoid gates in groups with a selection bias",
       with({.n_experts = 16, .top_k = 4, .has_selection_bias = true},
            [](GgufWriter& keys) {
              keys.u32("llama.expert_gating_func", 2).f32("llama.expert_weights_scale", 2.5F);
              keys.u32("llama.expert_group_count", 4).u32("llama.expert_group_used_count", 2);
            })},
  };
}

std::unique_ptr<InlineModel> load(const std::string& path, const InlineModelOptions& options) {
  auto loaded = InlineModel::load(path, options);
  if (!loaded) FAIL(loaded.error().message());
  return std::move(loaded).value();
}

Result<Program> compile(const TinyShape& shape) {
  const std::string bytes = TinyModelWriter(shape).write();
  BLUE_TRY_ASSIGN(const GgufFile file,
                  GgufFile::parse(testing::as_bytes(bytes), bytes.size(), "tiny.gguf"));
  return compile_program(file);
}

}  // namespace

TEST_CASE("decoders of any shape give the same logits on the CPU as on the reference") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  for (const NamedShape& named : shapes()) {
    INFO(named.name);
    const std::string path = folder.write("tiny.gguf", TinyModelWriter(named.shape).write());
    auto reference = load(path, {.backend = "reference", .max_context = 64});
    const auto wanted = testing::logits_of(reference->executor(), tokens);
    REQUIRE(wanted.ok());
    for (const std::uint32_t chunk : {64U, 7U, 1U}) {
      auto cpu = load(path, {.backend = "cpu", .max_context = 64, .max_step_tokens = chunk});
      const auto got = testing::logits_of(cpu->executor(), tokens);
      REQUIRE(got.ok());
      INFO("in chunks of " << chunk);
      CHECK(testing::nmse(*got, *wanted) < 1e-9);
    }
  }
}

TEST_CASE("experts that come one at a time give the logits of the resident run, bit for bit") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  const TinyShape shape{
      .arch = "qwen3moe", .n_layers = 3, .n_experts = 24, .top_k = 6, .has_head_norms = true};
  const std::string path = folder.write("tiny.gguf", TinyModelWriter(shape).write());
  for (const std::string backend : {"reference", "cpu"}) {
    auto resident = load(path, {.backend = backend, .max_context = 64});
    const auto wanted = testing::logits_of(resident->executor(), tokens);
    REQUIRE(wanted.ok());
    CHECK(resident->executor().figures().n_expert_passes == 0);
    Bytes largest;
    for (const BlockPlan& block : resident->model().program.blocks)
      largest = std::max(largest, block.size);
    for (const std::uint64_t blocks : {1U, 2U, 5U}) {
      auto streamed = load(path, {.backend = backend, .max_context = 64, .vram = largest * blocks});
      const auto got = testing::logits_of(streamed->executor(), tokens);
      if (!got) FAIL(got.error().message());
      INFO("on " << backend << " with room for " << blocks << " of the largest blocks");
      CHECK(*got == *wanted);
      // 40 tokens that choose 6 of 24 each want all of a layer's experts, and those do not fit at
      // once.
      CHECK(streamed->executor().figures().n_expert_passes > 3);
      CHECK(streamed->executor().figures().n_expert_leases <= 3 * 24);
    }
  }
}

TEST_CASE("an expert's slices lie in a block of their own, dense weights in the layer's") {
  const auto program =
      compile({.arch = "qwen3moe", .n_experts = 5, .top_k = 2, .has_head_norms = true});
  REQUIRE(program.ok());
  std::vector<std::string> names;
  for (const BlockPlan& block : program->blocks) names.push_back(block.name);
  REQUIRE(names.size() == 2 + 2 * 6);
  CHECK(names[1] == "layer.0");
  CHECK(names[2] == "layer.0.expert.0");
  CHECK(names[6] == "layer.0.expert.4");
  CHECK(names[7] == "layer.1");
  const BlockPlan& expert = program->blocks[4];
  REQUIRE(expert.extents.size() == 3);
  CHECK(expert.kind == memory::BlockKind::expert);
  CHECK(expert.extents[0].size == std::uint64_t{24} * 32 * 4);
  CHECK(expert.extents[0].file_offset ==
        program->blocks[2].extents[0].file_offset + 2 * expert.extents[0].size);
  REQUIRE(program->expert_groups.size() == 2);
  const ExpertGroup& run = program->expert_groups[1];
  CHECK(run.end_op - run.first_op == 4);
  CHECK(run.first_block == 8);
  CHECK(run.n_experts == 5);
  CHECK(program->ops[run.first_op].kind == kernels::OpKind::expert_linear);
}

TEST_CASE("layers that predict further tokens are left out with one note") {
  TinyShape shape =
      with({.n_layers = 3}, [](GgufWriter& keys) { keys.u32("llama.nextn_predict_layers", 2); });
  shape.n_extra_layers = 2;
  const auto program = compile(shape);
  if (!program) FAIL(program.error().message());
  CHECK(program->hyper.n_layers == 3);
  REQUIRE(program->notes.size() == 1);
  CHECK(program->notes[0].find("2 layer(s)") == 0);
}

TEST_CASE("YaRN's ramp and magnitude are those of the paper's constants") {
  // 128 dims, base 10000, 4096 tokens: 32 rotations end at pair 20.9, one at pair 45.03.
  TinyShape shape{.n_heads = 1, .n_kv_heads = 1, .head_dim = 128};
  shape.keys = [](GgufWriter& keys) {
    keys.text("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 16.0F);
    keys.u32("llama.rope.scaling.original_context_length", 4096);
  };
  const auto program = compile(shape);
  if (!program) FAIL(program.error().message());
  const RopeScaling& scaling = program->hyper.rope_scaling;
  CHECK(scaling.scale == 1.0F / 16.0F);
  CHECK(scaling.yarn_mix == 1.0F);
  CHECK(scaling.yarn_low == 20.0F);
  CHECK(scaling.yarn_high == 46.0F);
  CHECK(std::fabs(scaling.magnitude - 1.2772589F) < 1e-6F);
}

TEST_CASE("what a decoder cannot be is refused with the key or tensor it hangs on") {
  const auto refused = [](const TinyShape& shape, std::string_view names) {
    const auto program = compile(shape);
    INFO(names);
    REQUIRE_FALSE(program.ok());
    CHECK(program.error().message().find(names) != std::string::npos);
  };
  const auto key = [](std::string name, std::uint32_t value) {
    return [=](GgufWriter& keys) { keys.u32(name, value); };
  };
  refused({.n_experts = 4, .top_k = 5}, "llama.expert_used_count");
  refused({.n_experts = 4, .top_k = 0}, "llama.expert_used_count");
  refused(with({.n_experts = 4, .top_k = 2}, key("llama.expert_feed_forward_length", 23)),
          "blk.0.ffn_gate_exps.weight");
  refused(with({.n_experts = 4, .top_k = 2}, key("llama.expert_gating_func", 3)),
          "expert_gating_func");
  refused(with({.n_experts = 4, .top_k = 2}, key("llama.expert_group_count", 5)),
          "expert_group_count");
  refused(with({}, key("llama.nextn_predict_layers", 2)), "nextn_predict_layers");
  refused(with({}, [](GgufWriter& keys) { keys.text("llama.rope.scaling.type", "longrope"); }),
          "longrope");
  refused(with({}, [](GgufWriter& keys) { keys.f32("llama.rope.scaling.factor", 0.0F); }),
          "rope.scaling.factor");
  refused(with({},
               [](GgufWriter& keys) {
                 yarn_keys(keys);
                 keys.f32("llama.rope.freq_base", 1.0F);
               }),
          "YaRN");
}

TEST_CASE("expert groups that cannot hold the chosen are refused before a model runs") {
  const test::ScratchFolder folder;
  const TinyShape shape = with({.n_experts = 8, .top_k = 4}, [](GgufWriter& keys) {
    keys.u32("llama.expert_group_count", 4).u32("llama.expert_group_used_count", 1);
  });
  const std::string path = folder.write("tiny.gguf", TinyModelWriter(shape).write());
  const auto loaded = InlineModel::load(path, {.backend = "cpu"});
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message().find("the groups used must hold top_k experts") !=
        std::string::npos);
}

TEST_CASE(
    "a cache of half floats or bytes stays near the exact one, and both backends agree on it") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(70, 96);
  // Heads of 16 begin in the middle of a block; heads of 12 not even at a vector.
  for (const std::uint32_t head_dim : {16U, 12U}) {
    const TinyShape shape{.n_heads = 16, .n_kv_heads = 8, .head_dim = head_dim};
    const std::string path = folder.write("tiny.gguf", TinyModelWriter(shape).write());
    auto exact = load(path, {.backend = "reference", .max_context = 96});
    const auto wanted = testing::logits_of(exact->executor(), tokens);
    REQUIRE(wanted.ok());
    for (const kernels::KvType type : {kernels::KvType::f16, kernels::KvType::q8_0}) {
      INFO(kernels::to_text(type) << ", heads of " << head_dim);
      auto reference = load(path, {.backend = "reference", .max_context = 96, .kv_type = type});
      auto cpu = load(path, {.backend = "cpu", .max_context = 96, .kv_type = type});
      const auto on_reference = testing::logits_of(reference->executor(), tokens);
      const auto on_cpu = testing::logits_of(cpu->executor(), tokens);
      REQUIRE(on_reference.ok());
      REQUIRE(on_cpu.ok());
      const double error = testing::nmse(*on_reference, *wanted);
      CHECK(error > 0.0);
      CHECK(error < (type == kernels::KvType::f16 ? 1e-5 : 1e-3));
      CHECK(testing::nmse(*on_cpu, *on_reference) < (type == kernels::KvType::f16 ? 1e-7 : 1e-5));
    }
  }
}

TEST_CASE(
    "a snapshot of a cache of bytes is as small as it says and continues as if nothing had "
    "happened") {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", TinyModelWriter({.n_kv_heads = 4}).write());
  const InlineModelOptions options{
      .backend = "cpu", .max_context = 96, .kv_type = kernels::KvType::q8_0};
  const std::vector<TokenId> tokens = testing::some_tokens(50, 96);
  auto whole = load(path, options);
  const auto wanted = testing::logits_of(whole->executor(), tokens);
  REQUIRE(wanted.ok());

  auto before = load(path, options);
  REQUIRE(testing::logits_of(before->executor(), std::span(tokens).first(49)).ok());
  std::vector<std::byte> rows(before->executor().kv_bytes(49).count);
  CHECK(rows.size() == 2 * 2 * 49 * 34);  // layers, keys and values, tokens, one block of 32 values
  REQUIRE(before->executor().export_kv(0, 49, rows).ok());
  auto after = load(path, options);
  REQUIRE(after->executor().import_kv(0, 49, rows).ok());
  REQUIRE(after->executor().reserve(0, 50).ok());
  const std::int32_t position[] = {49};
  const std::int32_t zero[] = {0};
  const auto last =
      after->executor().step({std::span(tokens).last(1), position, zero, zero}, StopToken());
  REQUIRE(last.ok());
  CHECK(testing::nmse(*last, std::span(*wanted).last(last->size())) < 1e-10);
}

TEST_CASE("a cache of bytes is refused where rows are no whole blocks") {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", TinyModelWriter({.n_kv_heads = 1}).write());
  const auto loaded = InlineModel::load(path, {.backend = "cpu", .kv_type = kernels::KvType::q8_0});
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message().find("this model's keys have 8, its values 8: take --kv f16") !=
        std::string::npos);
}

}  // namespace blue::models
