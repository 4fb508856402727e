#include "memory/tiers/prefetch_predictor.h"

#include <catch2/catch_test_macros.hpp>

#include "memory/tiers/thrash_detector.h"

using namespace blue;
using namespace blue::memory;

namespace {

std::vector<BlockId> ids(std::initializer_list<std::uint32_t> values) {
  std::vector<BlockId> blocks;
  for (const std::uint32_t value : values) blocks.push_back(BlockId{value});
  return blocks;
}

}  // namespace

TEST_CASE("the program's order foretells its blocks, round and round", "[memory][predictor]") {
  PrefetchPredictor predictor(ids({3, 1, 2}), 4);
  CHECK(predictor.next(2) == ids({3, 1}));
  predictor.used(BlockId{3});
  predictor.used(BlockId{1});
  CHECK(predictor.next(9) == ids({2, 3, 1}));
  CHECK(predictor.uses_until(BlockId{2}) == 1);
  CHECK(predictor.uses_until(BlockId{1}) == 3);
  CHECK(predictor.uses_until(BlockId{0}) == kNoKnownUse);
  CHECK(predictor.n_hits() == 2);
}

TEST_CASE("a block used twice in a step counts to its nearer use", "[memory][predictor]") {
  PrefetchPredictor predictor(ids({0, 1, 2, 0}), 3);
  predictor.used(BlockId{0});
  CHECK(predictor.uses_until(BlockId{0}) == 3);
  predictor.used(BlockId{1});
  predictor.used(BlockId{2});
  predictor.used(BlockId{0});
  CHECK(predictor.uses_until(BlockId{0}) == 1);
  CHECK(predictor.n_misses() == 0);
}

TEST_CASE("a jump is a miss and is followed, a stranger is a miss and is not",
          "[memory][predictor]") {
  PrefetchPredictor predictor(ids({0, 1, 2}), 4);
  predictor.used(BlockId{1});
  CHECK(predictor.next(1) == ids({2}));
  predictor.used(BlockId{3});
  CHECK(predictor.next(1) == ids({2}));
  CHECK(predictor.n_misses() == 2);
}

TEST_CASE("experts chosen lately are foretold, most recent first", "[memory][predictor]") {
  ExpertRecency recency(2, 3);
  recency.chosen(0, ids({4, 7}));
  CHECK(recency.n_misses() == 2);
  recency.chosen(0, ids({4, 9}));
  CHECK(recency.n_hits() == 1);
  recency.chosen(0, ids({1}));
  const auto predicted = recency.predict(0);
  CHECK(std::vector<BlockId>(predicted.begin(), predicted.end()) == ids({1, 9, 4}));
  CHECK(recency.predict(1).empty());
}

TEST_CASE("reloads within the window count as thrash, others do not", "[memory][thrash]") {
  ThrashDetector thrash(10, 4);
  CHECK(thrash.reload_rate() == 0.0);
  thrash.loaded(BlockId{0});
  thrash.evicted(BlockId{0});
  thrash.loaded(BlockId{0});
  CHECK(thrash.n_reloads() == 1);
  CHECK(thrash.reload_rate() == 0.5);
  thrash.evicted(BlockId{0});
  for (std::uint32_t i = 1; i < 6; ++i) thrash.loaded(BlockId{i});
  thrash.loaded(BlockId{0});  // evicted five loads ago
  CHECK(thrash.n_reloads() == 1);
  CHECK(thrash.reload_rate() == 0.0);
  CHECK(thrash.n_loads() == 8);
}
