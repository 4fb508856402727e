#include "memory/tiers/block_segments.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "tests/support/memory/blocks.h"

using namespace blue;
using namespace blue::memory;

namespace {

/// Reads the block segment by segment, as a mover does.
std::vector<std::byte> read_in_segments(const Block& block, const std::vector<std::byte>& file,
                                        std::uint64_t most, std::size_t& n_reads) {
  std::vector<std::byte> bytes(block.size.count, std::byte{0xee});
  std::uint64_t at = 0;
  n_reads = 0;
  while (at < block.size.count) {
    const BlockSegment segment = next_segment(block, at, most);
    REQUIRE(segment.begin == at);
    REQUIRE(segment.end > at);
    REQUIRE(segment.size() <= most);
    REQUIRE(segment.n_read <= segment.size());
    if (segment.n_read > 0) {
      std::memcpy(bytes.data() + at, file.data() + segment.file_offset, segment.n_read);
      n_reads += 1;
    }
    zero_padding(block, segment.begin, segment.end, bytes.data() + at);
    at = segment.end;
  }
  return bytes;
}

}  // namespace

TEST_CASE("a block's segments are its bytes, whatever their size", "[memory][segments]") {
  Block block = test::make_block("b", 11, {3000, 1, 4096, 777, 9000});
  block.size = Bytes{block.size.count + 700};  // padding behind the last extent
  const auto file = test::random_bytes(test::file_end(block), 1);
  std::size_t n_reads = 0;
  for (const std::uint64_t most : {1U, 100U, 256U, 5000U, 1U << 20})
    CHECK(read_in_segments(block, file, most, n_reads) == test::expected_bytes(block, file));
}

TEST_CASE("extents that follow each other in the file as in the block are one read",
          "[memory][segments]") {
  Block block;
  block.name = "b";
  // The second follows at once, the third behind padding that the file has too, the fourth lies
  // elsewhere.
  block.extents = {
      {0, 96, 0, 512}, {0, 96 + 512, 512, 100}, {0, 96 + 768, 768, 300}, {0, 5000, 1280, 40}};
  block.size = 1536_B;
  const auto file = test::random_bytes(6000, 2);
  std::size_t n_reads = 0;
  CHECK(read_in_segments(block, file, 1 << 20, n_reads) == test::expected_bytes(block, file));
  CHECK(n_reads == 2);
  block.extents[2].file = 1;
  CHECK(next_segment(block, 0, 1 << 20).n_read == 612);
}

TEST_CASE("a cut inside a run falls on a multiple of the drive's unit in the file",
          "[memory][segments]") {
  const Block block = test::make_block("b", 100, {100'000});
  const BlockSegment first = next_segment(block, 0, 10'000);
  CHECK((first.file_offset + first.n_read) % kFileCut == 0);
  CHECK(first.is_cut);
  CHECK(next_segment(block, first.end, 10'000).file_offset % kFileCut == 0);
}

TEST_CASE("a range is read in requests of one size, cut where the drive's units end",
          "[memory][segments]") {
  CHECK(read_size(100, 1'000'000, 1 << 20) == 1'000'000);
  CHECK(read_size(100, (1 << 20) + 5000, 1 << 20) == (1 << 20) + 5000);  // no short one behind
  const std::uint64_t first = read_size(100, 2'500'000, 1 << 20);
  CHECK((100 + first) % kFileCut == 0);
  CHECK(first >= 833'333);
  CHECK(first < 840'000);
}
