// The figure that a refused budget names is the smallest that runs.
#include "models/working_set.h"

#include <catch2/catch_test_macros.hpp>

#include "models/models_error.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::TinyModelWriter;
using testing::TinyShape;

std::vector<std::string> files() {
  return {TinyModelWriter({}).write(),
          TinyModelWriter({.arch = "qwen3moe", .n_experts = 6, .top_k = 2, .has_head_norms = true})
              .write()};
}

TEST_CASE(
    "tier 0 of the working set runs every model to the same logits, and a byte less is refused") {
  const test::ScratchFolder folder;
  const std::vector<TokenId> tokens = testing::some_tokens(12, 96);
  for (const std::string& bytes : files()) {
    const std::string path = folder.write("tiny.gguf", bytes);
    auto whole = InlineModel::load(path, {.backend = "reference", .max_context = 64});
    if (!whole) FAIL(whole.error().message());
    const WorkingSet set = working_set((*whole)->model().program);
    const std::vector<float> wanted = testing::logits_of((*whole)->executor(), tokens).value();
    for (const Bytes vram : {set.least, set.overlapping}) {
      INFO(to_text(vram));
      auto streamed =
          InlineModel::load(path, {.backend = "reference", .max_context = 64, .vram = vram});
      if (!streamed) FAIL(streamed.error().message());
      CHECK(testing::logits_of((*streamed)->executor(), tokens).value() == wanted);
    }
    const auto refused = InlineModel::load(
        path, {.backend = "reference", .max_context = 64, .vram = set.least - 1_B});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(ModelsError::budget_too_small));
    CHECK(refused.error().message().starts_with(path + ": tier 0 has "));
    CHECK(refused.error().message().find("(" + set.block + ")") != std::string::npos);
  }
}

/// Blocks of so many KiB; experts where the last `n_experts` of them are one layer's.
Program blocks(const std::vector<std::uint64_t>& kib, std::uint32_t n_experts = 0,
               std::uint32_t top_k = 0) {
  Program program;
  const std::size_t n_dense = kib.size() - n_experts;
  for (std::size_t i = 0; i < kib.size(); ++i)
    program.blocks.push_back({i < n_dense ? memory::BlockKind::layer : memory::BlockKind::expert,
                              "block." + std::to_string(i),
                              Bytes{kib[i] << 10},
                              {}});
  if (n_experts > 0)
    program.expert_groups.push_back({.first_block = static_cast<std::uint32_t>(n_dense),
                                     .n_experts = n_experts,
                                     .top_k = top_k});
  return program;
}

TEST_CASE(
    "the working set is the largest block, and overlapping takes its neighbour and the experts") {
  const WorkingSet dense = working_set(blocks({10, 40, 20, 30, 25}));
  CHECK(dense.least == 40_KiB);
  CHECK(dense.block == "block.1");
  CHECK(dense.overlapping == 60_KiB);  // 40 + 20; 30 + 25 is less
  const WorkingSet sparse = working_set(blocks({10, 40, 12, 12, 12, 12}, 4, 3));
  CHECK(sparse.least == 40_KiB);
  CHECK(sparse.overlapping == 76_KiB);  // 40 and three experts
  CHECK(working_set(Program()).least == Bytes{});
}

TEST_CASE("the figure of a refusal is a size that --vram takes and that does") {
  for (const std::uint64_t kib : {1ULL, 1023ULL, 65'537ULL, 123'456'789ULL}) {
    const Program program = blocks({kib});
    const Status refused = check_tier_0(program, Bytes{1}, "m.gguf");
    REQUIRE_FALSE(refused.ok());
    const std::string& text = refused.error().message();
    const std::size_t at = text.find("--vram ") + 7;
    const auto size = parse_memory_size(text.substr(at, text.find(' ', at) - at));
    INFO(text);
    REQUIRE(size.ok());
    CHECK(check_tier_0(program, size->bytes(), "m.gguf").ok());
  }
}

}  // namespace
}  // namespace blue::models
