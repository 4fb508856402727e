#include "memory/tiers/block_catalog.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "base/check.h"
#include "tests/support/memory/blocks.h"

using namespace blue;
using namespace blue::memory;

TEST_CASE("a model's blocks get ids and catalog files", "[memory][catalog]") {
  BlockCatalog catalog(8);
  const auto first = catalog.add_model("a", {"a.gguf"}, {test::make_block("a/0", 0, {100, 300})});
  const auto second =
      catalog.add_model("b", {"b-1.gguf", "b-2.gguf"}, {test::make_block("b/0", 64, {50})});
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(catalog.n_blocks() == 2);
  const Block& block = catalog.at(second->blocks[0]);
  CHECK(block.name == "b/0");
  CHECK(block.id == second->blocks[0]);
  CHECK(catalog.path(block.extents[0].file) == "b-1.gguf");
  CHECK(catalog.path(catalog.at(first->blocks[0]).extents[1].file) == "a.gguf");
}

TEST_CASE("a model that does not fit is refused whole, and removed ids are given out again",
          "[memory][catalog]") {
  BlockCatalog catalog(3);
  const auto first = catalog.add_model(
      "a", {"a"}, {test::make_block("a/0", 0, {1}), test::make_block("a/1", 0, {1})});
  REQUIRE(first.ok());
  const std::vector<Block> pair = {test::make_block("b/0", 0, {1}),
                                   test::make_block("b/1", 0, {1})};
  const auto refused = catalog.add_model("b", {"b"}, pair);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(MemoryError::tier_full));
  CHECK(catalog.n_blocks() == 2);

  catalog.remember_checksum(first->blocks[0], 0, 5);
  catalog.remove_model(first->model);
  CHECK(catalog.find(first->blocks[0]) == nullptr);
  CHECK_THROWS_AS(catalog.at(first->blocks[0]), CheckFailure);
  const auto again = catalog.add_model("b", {"b"}, pair);
  REQUIRE(again.ok());
  CHECK(again->blocks == first->blocks);
  CHECK_FALSE(catalog.checksum(again->blocks[0], 0).has_value());
}

TEST_CASE("extents that overlap or leave their block are a bug of who made them",
          "[memory][catalog]") {
  BlockCatalog catalog(4);
  Block outside = test::make_block("x", 0, {100});
  outside.size = 99_B;
  CHECK_THROWS_AS(catalog.add_model("x", {"x"}, {outside}), CheckFailure);
  Block overlapping = test::make_block("x", 0, {600, 100});
  overlapping.extents[1].block_offset = 256;
  CHECK_THROWS_AS(catalog.add_model("x", {"x"}, {overlapping}), CheckFailure);
  CHECK_THROWS_AS(catalog.add_model("x", {}, {test::make_block("x", 0, {1})}), CheckFailure);
}

TEST_CASE("the first checksum stays", "[memory][catalog]") {
  BlockCatalog catalog(1);
  REQUIRE(catalog.add_model("a", {"a"}, {test::make_block("a/0", 0, {1})}).ok());
  CHECK_FALSE(catalog.checksum(BlockId{0}, 0).has_value());
  CHECK(catalog.remember_checksum(BlockId{0}, 0, 0) == 0);
  CHECK(catalog.checksum(BlockId{0}, 0) == 0U);
  CHECK(catalog.remember_checksum(BlockId{0}, 0, 9) == 0);
}

TEST_CASE("readers find whole blocks while models are added", "[memory][catalog][stress]") {
  constexpr std::uint32_t kCapacity = 400;
  BlockCatalog catalog(kCapacity);
  std::atomic<bool> is_over{false};
  std::atomic<int> n_wrong{0};
  std::thread reader([&] {
    while (!is_over.load()) {
      for (std::uint32_t i = 0; i < kCapacity; ++i) {
        const Block* block = catalog.find(BlockId{i});
        if (block == nullptr) continue;
        const bool is_whole =
            block->id.value == i && block->extents.size() == 2 && block->name.size() == 3;
        if (!is_whole) n_wrong += 1;
        if (catalog.path(block->extents[0].file) != "f") n_wrong += 1;
      }
    }
  });
  for (std::uint32_t i = 0; i < kCapacity / 4; ++i) {
    std::vector<Block> blocks(4, test::make_block("m/b", 0, {10, 20}));
    REQUIRE(catalog.add_model("m", {"f"}, std::move(blocks)).ok());
  }
  is_over = true;
  reader.join();
  CHECK(n_wrong == 0);
  CHECK(catalog.n_blocks() == kCapacity);
}
