// Latent attention in shapes that no golden model has: the CPU against the reference, sparse
// against dense, snapshots, tiers.
#include "models/blocks/latent_decoder.h"

#include <catch2/catch_test_macros.hpp>

#include "models/arch.h"
#include "tests/support/models/tiny_latent_model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::GgufWriter;
using testing::TinyLatentShape;
using testing::TinyLatentWriter;

struct NamedShape {
  std::string name;
  TinyLatentShape shape;
};

TinyLatentShape sparse(TinyLatentShape shape) {
  shape.arch = "deepseek32";
  shape.index_heads = 3;
  return shape;
}

TinyLatentShape with(TinyLatentShape shape, std::function<void(GgufWriter&)> keys) {
  shape.keys = std::move(keys);
  return shape;
}

void yarn_keys(GgufWriter& keys) {
  keys.text("deepseek2.rope.scaling.type", "yarn").f32("deepseek2.rope.scaling.factor", 40.0F);
  keys.u32("deepseek2.rope.scaling.original_context_length", 16);
  keys.f32("deepseek2.rope.scaling.yarn_log_multiplier", 0.0707F);
}

void group_keys(GgufWriter& keys) {
  keys.u32("deepseek2.expert_gating_func", 2).flag("deepseek2.expert_weights_norm", true);
  keys.f32("deepseek2.expert_weights_scale", 2.5F);
  keys.u32("deepseek2.expert_group_count", 8).u32("deepseek2.expert_group_used_count", 3);
}

std::vector<NamedShape> shapes() {
  TinyLatentShape wide_selection = sparse({});
  wide_selection.index_top_k = 300;
  TinyLatentShape one_position = sparse({.n_layers = 3, .n_heads = 5});
  one_position.index_top_k = 1;
  return {
      {"V2-Lite: no compressed queries, softmax, 6 of 64, two shared experts, YaRN",
       with({.n_layers = 5, .q_rank = 0, .n_experts = 64, .top_k = 6, .n_shared = 2}, yarn_keys)},
      {"all dense, one layer, tied head", {.n_layers = 1, .n_experts = 0, .has_own_head = false}},
      {"no leading dense layer, no shared expert",
       {.n_layers = 3, .n_dense_layers = 0, .n_shared = 0}},
      {"eight groups, selection bias, sigmoid by default",
       with({.n_layers = 3, .n_experts = 24, .top_k = 6, .has_selection_bias = true}, group_keys)},
      {"sizes that fill no vector",
       {.d_model = 30,
        .n_heads = 3,
        .q_rank = 11,
        .kv_rank = 21,
        .rotary_dims = 6,
        .plain_dims = 5,
        .value_dim = 7}},
      {"more heads than a worker takes at once", {.n_heads = 37, .kv_rank = 40}},
      {"one head", {.n_heads = 1}},
      {"5 of 40 positions", sparse({})},
      {"one position", one_position},
      {"room for more positions than there are", wide_selection},
      {"sparse, all dense layers", sparse({.n_layers = 3, .n_experts = 0})},
  };
}

std::unique_ptr<InlineModel> load(const std::string& path, const InlineModelOptions& options) {
  auto loaded = InlineModel::load(path, options);
  if (!loaded) FAIL(loaded.error().message());
  return std::move(loaded).value();
}

std::vector<float> logits(InlineModel& model, std::span<const TokenId> tokens) {
  auto got = testing::logits_of(model.executor(), tokens);
  if (!got) FAIL(got.error().message());
  return std::move(got).value();
}

Result<Program> compile(const TinyLatentShape& shape) {
  const std::string bytes = TinyLatentWriter(shape).write();
  BLUE_TRY_ASSIGN(const GgufFile file,
                  GgufFile::parse(testing::as_bytes(bytes), bytes.size(), "tiny.gguf"));
  return compile_program(file);
}

}  // namespace

TEST_CASE("latent decoders of any shape give the same logits on the CPU as on the reference") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  for (const NamedShape& named : shapes()) {
    INFO(named.name);
    const std::string path = folder.write("tiny.gguf", TinyLatentWriter(named.shape).write());
    auto reference = load(path, {.backend = "reference", .max_context = 64});
    const std::vector<float> wanted = logits(*reference, tokens);
    for (const std::uint32_t chunk : {64U, 7U, 1U}) {
      auto cpu = load(path, {.backend = "cpu", .max_context = 64, .max_step_tokens = chunk});
      INFO("in chunks of " << chunk);
      CHECK(testing::nmse(logits(*cpu, tokens), wanted) < 1e-9);
    }
  }
}

TEST_CASE("an indexer with room for every position changes nothing, one without it does") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  const std::string dense = folder.write("dense.gguf", TinyLatentWriter({}).write());
  TinyLatentShape shape = sparse({});
  shape.index_top_k = 40;
  const std::string wide = folder.write("wide.gguf", TinyLatentWriter(shape).write());
  shape.index_top_k = 8;
  const std::string narrow = folder.write("narrow.gguf", TinyLatentWriter(shape).write());
  for (const std::string backend : {"reference", "cpu"}) {
    INFO("on " << backend);
    const InlineModelOptions options{.backend = backend, .max_context = 64};
    const std::vector<float> wanted = logits(*load(dense, options), tokens);
    CHECK(logits(*load(wide, options), tokens) == wanted);
    const std::vector<float> chosen = logits(*load(narrow, options), tokens);
    const std::size_t n_same = std::size_t{8} * 96;  // the first 8 positions see 8 or fewer
    CHECK(std::equal(wanted.begin(), wanted.begin() + n_same, chosen.begin()));
    CHECK(testing::nmse(std::span(chosen).subspan(n_same), std::span(wanted).subspan(n_same)) >
          1e-6);
  }
}

TEST_CASE("a sequence does not see the rows of what was forgotten") {
  const test::ScratchFolder folder;
  const std::string path = folder.write("tiny.gguf", TinyLatentWriter(sparse({})).write());
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  for (const std::string backend : {"reference", "cpu"}) {
    auto model = load(path, {.backend = backend, .max_context = 64});
    const std::vector<float> alone = logits(*model, tokens);
    // Rows of what was forgotten lie in the pages that come again.
    model->executor().truncate(0, 0);
    CHECK(logits(*model, testing::some_tokens(40, 96, 9)) != alone);
    model->executor().truncate(0, 0);
    CHECK(logits(*model, tokens) == alone);
  }
}

TEST_CASE("rows exported from a latent cache continue in another one bit for bit") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(45, 96);
  constexpr std::uint32_t kTold = 37;  // in the middle of a page
  for (const TinyLatentShape& shape : {TinyLatentShape{}, sparse({})}) {
    const std::string path = folder.write("tiny.gguf", TinyLatentWriter(shape).write());
    for (const kernels::KvType type : {kernels::KvType::f32, kernels::KvType::f16}) {
      const InlineModelOptions options{
          .backend = "cpu", .max_context = 64, .max_step_tokens = 1, .kv_type = type};
      auto whole = load(path, options);
      const std::vector<float> wanted = logits(*whole, tokens);
      const std::uint64_t width =
          shape.kv_rank + shape.rotary_dims + (shape.index_heads > 0 ? shape.index_dim : 0);
      std::vector<std::byte> rows(whole->executor().kv_bytes(kTold).count);
      CHECK(rows.size() == width * (type == kernels::KvType::f32 ? 4 : 2) * shape.n_layers * kTold);
      REQUIRE(whole->executor().export_kv(0, kTold, rows).ok());
      auto continued = load(path, options);
      REQUIRE(continued->executor().import_kv(0, kTold, rows).ok());
      REQUIRE(continued->executor().reserve(0, 45).ok());
      for (std::int32_t position = kTold; position < 45; ++position) {
        const std::int32_t zero = 0;
        const auto step = continued->executor().step(
            {std::span(tokens).subspan(static_cast<std::size_t>(position), 1),
             {&position, 1},
             {&zero, 1},
             {&zero, 1}},
            StopToken());
        REQUIRE(step.ok());
        CHECK(
            std::equal(step->begin(), step->end(), wanted.begin() + std::ptrdiff_t{position} * 96));
      }
    }
  }
}

TEST_CASE("a half-precision latent cache stays near the full one, on the CPU as on the reference") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  const std::string path = folder.write("tiny.gguf", TinyLatentWriter({}).write());
  auto full = load(path, {.backend = "reference", .max_context = 64});
  const std::vector<float> wanted = logits(*full, tokens);
  for (const std::string backend : {"reference", "cpu"}) {
    auto half =
        load(path, {.backend = backend, .max_context = 64, .kv_type = kernels::KvType::f16});
    const double error = testing::nmse(logits(*half, tokens), wanted);
    INFO("on " << backend << ": " << error);
    CHECK(error < 1e-5);
    CHECK(error > 1e-12);
  }
}

TEST_CASE(
    "a latent decoder in tiers with room for one block gives the resident run's logits bit for "
    "bit") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(40, 96);
  const std::string path =
      folder.write("tiny.gguf", TinyLatentWriter(sparse({.n_layers = 3})).write());
  for (const std::string backend : {"reference", "cpu"}) {
    auto resident = load(path, {.backend = backend, .max_context = 64});
    const std::vector<float> wanted = logits(*resident, tokens);
    Bytes largest;
    for (const BlockPlan& block : resident->model().program.blocks)
      largest = std::max(largest, block.size);
    auto streamed = load(path, {.backend = backend, .max_context = 64, .vram = largest});
    INFO("on " << backend);
    CHECK(logits(*streamed, tokens) == wanted);
    CHECK(streamed->executor().figures().n_expert_passes > 0);
  }
}

TEST_CASE(
    "further-predicting layers are told by their tensors, whether block_count counts them or not") {
  TinyLatentShape behind;
  behind.more_tensors = {"blk.2.nextn.eh_proj.weight", "blk.2.attn_norm.weight"};
  const auto left_out = compile(behind);
  if (!left_out) FAIL(left_out.error().message());
  CHECK(left_out->hyper.n_layers == 2);
  REQUIRE(left_out->notes.size() == 1);
  CHECK(left_out->notes[0].starts_with("1 layer(s)"));

  TinyLatentShape counted{.n_layers = 3};
  counted.more_tensors = {"blk.2.nextn.eh_proj.weight"};
  const auto fewer = compile(counted);
  if (!fewer) FAIL(fewer.error().message());
  CHECK(fewer->hyper.n_layers == 2);
  CHECK(fewer->kv.n_layers == 2);

  const auto stated =
      compile(with({}, [](GgufWriter& keys) { keys.u32("deepseek2.nextn_predict_layers", 1); }));
  if (!stated) FAIL(stated.error().message());
  CHECK(stated->hyper.n_layers == 2);  // stated but not in the file
  CHECK(stated->notes.empty());
}

TEST_CASE("what a latent decoder cannot be is refused with the key or tensor it hangs on") {
  const auto refused = [](const TinyLatentShape& shape, std::string_view names) {
    const auto program = compile(shape);
    INFO(names);
    REQUIRE_FALSE(program.ok());
    INFO(program.error().message());
    CHECK(program.error().message().find(names) != std::string::npos);
  };
  for (const std::string key :
       {"attention.kv_lora_rank", "attention.key_length_mla", "attention.value_length_mla"})
    refused({.missing_keys = {key}}, "needs the key deepseek2." + key);
  refused({.missing_keys = {"attention.q_lora_rank"}}, "attn_q.weight");
  refused({.missing_keys = {"rope.dimension_count"}}, "key_length_mla");
  refused(with({.missing_keys = {"attention.key_length"}},
               [](GgufWriter& keys) { keys.u32("deepseek2.attention.key_length", 21); }),
          "attention.key_length is 21");
  refused({.kv_rank = 1024}, "at most 1024");
  refused(with({.missing_keys = {"attention.head_count", "attention.value_length_mla"}},
               [](GgufWriter& keys) {
                 keys.u32("deepseek2.attention.head_count", 50000);
                 keys.u32("deepseek2.attention.value_length_mla", 60000);
               }),
          "attention.head_count 50000 is too large");
  refused({.missing_keys = {"leading_dense_block_count"}}, "blk.0.ffn_gate_shexp.weight");
  for (const std::string key : {"head_count", "key_length", "top_k"})
    refused(sparse({.missing_keys = {"attention.indexer." + key}}),
            "deepseek32.attention.indexer." + key);
  TinyLatentShape odd = sparse({});
  odd.index_dim = 12;
  refused(odd, "power of two");
  odd.index_dim = 2;
  refused(odd, "attention.indexer.key_length is 2");
  odd.index_dim = 8;
  odd.index_top_k = 70000;
  refused(odd, "attention.indexer.top_k is 70000");
  refused(sparse({.missing_keys = {"attention.q_lora_rank"}}), "q_lora_rank");
}

}  // namespace blue::models
