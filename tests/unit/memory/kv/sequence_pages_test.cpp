#include "memory/kv/sequence_pages.h"

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <random>
#include <set>

#include "base/check.h"

using namespace blue;
using namespace blue::memory;

TEST_CASE("the geometry lays keys before values, page by page, layer by layer", "[memory][kv]") {
  const KvGeometry g{.n_layers = 3,
                     .k_width = 8,
                     .v_width = 4,
                     .bytes_per_block = 2,
                     .page_tokens = 16,
                     .n_pages = 5};
  CHECK(g.v_offset() == 8 * 2 * 16);
  CHECK(g.page_stride() == (8 + 4) * 2 * 16);
  CHECK(g.layer_stride() == g.page_stride() * 5);
  CHECK(g.total() == Bytes{g.layer_stride() * 3});
  CHECK(g.pages_for(0) == 0);
  CHECK(g.pages_for(16) == 1);
  CHECK(g.pages_for(17) == 2);
  CHECK(g.pages_for(0xffffffff) == 0x10000000);
}

TEST_CASE("a pool gives each page to one taker", "[memory][kv]") {
  PagePool pool(2);
  const auto first = pool.take();
  const auto second = pool.take();
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(*first != *second);
  const auto none = pool.take();
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().is(MemoryError::pages_used_up));
  pool.give_back(*first);
  CHECK_THROWS_AS(pool.give_back(*first), CheckFailure);
  CHECK_THROWS_AS(pool.give_back(2), CheckFailure);
  CHECK(pool.n_free() == 1);
}

TEST_CASE("a sequence grows and shrinks by pages and keeps those it had", "[memory][kv]") {
  PagePool pool(8);
  SequencePages sequence(pool, 4, 20);
  CHECK(sequence.max_pages() == 5);
  REQUIRE(sequence.ensure(5).ok());
  CHECK(sequence.pages().size() == 2);
  const std::vector<std::int32_t> before(sequence.pages().begin(), sequence.pages().end());
  REQUIRE(sequence.ensure(3).ok());
  CHECK(sequence.pages().size() == 2);
  REQUIRE(sequence.ensure(9).ok());
  CHECK(sequence.capacity() == 12);
  CHECK(std::equal(before.begin(), before.end(), sequence.pages().begin()));
  sequence.truncate(4);
  CHECK(sequence.pages().size() == 1);
  CHECK(sequence.pages()[0] == before[0]);
  CHECK(pool.n_free() == 7);
}

TEST_CASE("a sequence that cannot grow keeps what it has", "[memory][kv]") {
  PagePool pool(3);
  SequencePages other(pool, 4, 100);
  REQUIRE(other.ensure(4).ok());
  SequencePages sequence(pool, 4, 16);
  REQUIRE(sequence.ensure(4).ok());
  const auto pool_empty = sequence.ensure(12);
  REQUIRE_FALSE(pool_empty.ok());
  CHECK(pool_empty.error().is(MemoryError::pages_used_up));
  CHECK(sequence.pages().size() == 1);
  const auto too_long = sequence.ensure(17);
  REQUIRE_FALSE(too_long.ok());
  CHECK(too_long.error().is(MemoryError::pages_used_up));
  CHECK(pool.n_free() == 1);
}

TEST_CASE("no page is in two sequences, and all come back", "[memory][kv][property]") {
  std::mt19937 random(5);
  PagePool pool(32);
  {
    std::vector<std::unique_ptr<SequencePages>> sequences;
    for (int i = 0; i < 6; ++i) sequences.push_back(std::make_unique<SequencePages>(pool, 4, 64));
    for (int i = 0; i < 2000; ++i) {
      SequencePages& sequence = *sequences[random() % sequences.size()];
      const auto n_tokens = static_cast<std::uint32_t>(random() % 80);
      if (random() % 2 == 0) {
        const bool fits = sequence.ensure(n_tokens).ok();
        if (fits) REQUIRE(sequence.capacity() >= n_tokens);
      } else {
        sequence.truncate(n_tokens);
      }
      std::set<std::int32_t> seen;
      std::size_t n_held = 0;
      for (const auto& s : sequences) {
        seen.insert(s->pages().begin(), s->pages().end());
        n_held += s->pages().size();
      }
      REQUIRE(seen.size() == n_held);
      REQUIRE(pool.n_free() == 32 - n_held);
    }
  }
  CHECK(pool.n_free() == 32);
}
