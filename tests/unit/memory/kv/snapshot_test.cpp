#include "memory/kv/snapshot.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>

#include "memory/checksum.h"
#include "memory/durable_file.h"
#include "tests/support/memory/blocks.h"
#include "tests/support/memory/folder.h"

using namespace blue;
using namespace blue::memory;

namespace {

constexpr KvGeometry kGeometry{.n_layers = 2,
                               .k_width = 3,
                               .v_width = 5,
                               .bytes_per_block = 2,
                               .page_tokens = 4,
                               .n_pages = 6};
constexpr std::uint64_t kModel = 0x1234;
const std::vector<TokenId> kTokens = {5, 6, 7, 8, 9, 10};

std::vector<std::byte> gather(const std::vector<std::byte>& arena, const std::vector<KvRun>& runs) {
  std::vector<std::byte> rows;
  for (const KvRun& run : runs) {
    const auto begin = arena.begin() + static_cast<std::ptrdiff_t>(run.offset);
    rows.insert(rows.end(), begin, begin + static_cast<std::ptrdiff_t>(run.size));
  }
  return rows;
}

std::vector<std::byte> saved_file(const test::Folder& folder) {
  const std::vector<std::byte> rows = test::random_bytes(kv_rows_size(kGeometry, 6).count, 4);
  REQUIRE(save_snapshot(folder.file("s"), kModel, kGeometry, kTokens, rows).ok());
  return read_whole_file(folder.file("s")).value();
}

void mend_checksum(std::vector<std::byte>& file) {
  const std::uint32_t crc = crc32c(ConstByteSpan(file).first(file.size() - 4));
  std::memcpy(file.data() + file.size() - 4, &crc, 4);
}

}  // namespace

TEST_CASE("the runs of a sequence cover its rows once and nothing else", "[memory][snapshot]") {
  const std::vector<std::int32_t> pages = {4, 1};
  const auto runs = kv_runs(kGeometry, pages, 6);
  std::vector<int> touched(kGeometry.total().count, 0);
  Bytes total;
  for (const KvRun& run : runs) {
    total += Bytes{run.size};
    for (std::uint64_t i = 0; i < run.size; ++i) touched.at(run.offset + i) += 1;
  }
  CHECK(total == kv_rows_size(kGeometry, 6));
  for (std::uint32_t layer = 0; layer < kGeometry.n_layers; ++layer) {
    for (std::uint32_t t = 0; t < 8; ++t) {
      const std::uint64_t page = layer * kGeometry.layer_stride() +
                                 static_cast<std::uint64_t>(pages[t / 4]) * kGeometry.page_stride();
      const int wanted = t < 6 ? 1 : 0;
      for (std::uint64_t i = 0; i < 6; ++i) CHECK(touched[page + t % 4 * 6 + i] == wanted);
      for (std::uint64_t i = 0; i < 10; ++i)
        CHECK(touched[page + kGeometry.v_offset() + t % 4 * 10 + i] == wanted);
    }
  }
}

TEST_CASE("a sequence saved out of one set of pages comes back into another",
          "[memory][snapshot]") {
  const test::Folder folder;
  const std::vector<std::byte> arena = test::random_bytes(kGeometry.total().count, 9);
  const std::vector<std::int32_t> pages = {4, 1};
  const std::vector<std::byte> rows = gather(arena, kv_runs(kGeometry, pages, 6));
  REQUIRE(save_snapshot(folder.file("s"), kModel, kGeometry, kTokens, rows).ok());

  KvGeometry larger = kGeometry;
  larger.n_pages = 9;
  const auto snapshot = load_snapshot(folder.file("s"), kModel, larger);
  REQUIRE(snapshot.ok());
  CHECK(snapshot->tokens == kTokens);
  REQUIRE(snapshot->rows == rows);

  std::vector<std::byte> other(larger.total().count);
  const std::vector<std::int32_t> other_pages = {0, 8};
  std::size_t at = 0;
  for (const KvRun& run : kv_runs(larger, other_pages, 6)) {
    std::memcpy(other.data() + run.offset, snapshot->rows.data() + at, run.size);
    at += run.size;
  }
  CHECK(gather(other, kv_runs(larger, other_pages, 6)) == rows);
  CHECK_FALSE(std::filesystem::exists(folder.file("s.partial")));
}

TEST_CASE("a snapshot of no tokens is a snapshot", "[memory][snapshot]") {
  const test::Folder folder;
  REQUIRE(save_snapshot(folder.file("s"), kModel, kGeometry, {}, {}).ok());
  const auto snapshot = load_snapshot(folder.file("s"), kModel, kGeometry);
  REQUIRE(snapshot.ok());
  CHECK(snapshot->tokens.empty());
}

TEST_CASE("another model or geometry is a mismatch", "[memory][snapshot]") {
  const test::Folder folder;
  const auto file = saved_file(folder);
  const auto of_model = parse_snapshot(file, "s", kModel + 1, kGeometry);
  REQUIRE_FALSE(of_model.ok());
  CHECK(of_model.error().is(MemoryError::snapshot_mismatch));
  KvGeometry other = kGeometry;
  other.k_width = 4;
  const auto of_geometry = parse_snapshot(file, "s", kModel, other);
  REQUIRE_FALSE(of_geometry.ok());
  CHECK(of_geometry.error().is(MemoryError::snapshot_mismatch));
}

TEST_CASE("a snapshot cut anywhere or with any bit flipped is refused",
          "[memory][snapshot][property]") {
  const test::Folder folder;
  const auto file = saved_file(folder);
  REQUIRE(parse_snapshot(file, "s", kModel, kGeometry).ok());
  for (std::size_t cut = 0; cut < file.size(); ++cut) {
    REQUIRE_FALSE(parse_snapshot(ConstByteSpan(file).first(cut), "s", kModel, kGeometry).ok());
  }
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::vector<std::byte> damaged = file;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    REQUIRE_FALSE(parse_snapshot(damaged, "s", kModel, kGeometry).ok());
  }
}

TEST_CASE("counts that lie are caught though the checksum holds", "[memory][snapshot]") {
  const test::Folder folder;
  constexpr std::size_t kTokensAt = 44;
  constexpr std::size_t kRowsAt = 48;
  for (const std::uint32_t n_tokens : {0U, 5U, 7U, 0x40000000U, 0xffffffffU}) {
    auto file = saved_file(folder);
    std::memcpy(file.data() + kTokensAt, &n_tokens, sizeof(n_tokens));
    mend_checksum(file);
    const auto refused = parse_snapshot(file, "s", kModel, kGeometry);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().is(MemoryError::snapshot_corrupt));
  }
  for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{191}, ~std::uint64_t{0}}) {
    auto file = saved_file(folder);
    std::memcpy(file.data() + kRowsAt, &rows, sizeof(rows));
    mend_checksum(file);
    CHECK_FALSE(parse_snapshot(file, "s", kModel, kGeometry).ok());
  }
}

TEST_CASE("a snapshot that cannot be written leaves the old one", "[memory][snapshot]") {
  const test::Folder folder;
  const auto before = saved_file(folder);
  std::filesystem::create_directory(
      folder.file("s.partial"));  // stands where the neighbour would be written
  const std::vector<std::byte> rows(kv_rows_size(kGeometry, 6).count);
  const auto refused = save_snapshot(folder.file("s"), kModel, kGeometry, kTokens, rows);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(MemoryError::log_failed));
  CHECK(read_whole_file(folder.file("s")).value() == before);
}
