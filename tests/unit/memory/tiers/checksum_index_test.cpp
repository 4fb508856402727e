#include "memory/tiers/checksum_index.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <random>

#include "memory/checksum.h"

using namespace blue;
using namespace blue::memory;

namespace {

ChecksumIndex make_index() {
  ChecksumIndex index(0x1234, {{0, 32, 100}, {0, 4096, 3 * kPieceBytes + 1}, {1, 0, kPieceBytes}});
  std::uint32_t next = 7;
  for (std::size_t i = 0; i < index.extents().size(); ++i)
    for (std::uint32_t& crc : index.checksums(i)) crc = next++;
  return index;
}

/// Makes the index's own checksum right again, as an attacker would.
void sign(std::vector<std::byte>& bytes) {
  if (bytes.size() < 4) return;
  const std::uint32_t crc = crc32c(ConstByteSpan(bytes).first(bytes.size() - 4));
  std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
}

}  // namespace

TEST_CASE("an index reads back as it was written", "[memory][index]") {
  const ChecksumIndex index = make_index();
  const std::vector<std::byte> bytes = index.encode();
  CHECK(ChecksumIndex::encoded_size(index.extents()) == Bytes{bytes.size()});
  const auto back = ChecksumIndex::parse(bytes, "m.blueidx");
  REQUIRE(back.ok());
  CHECK(back->fingerprint() == 0x1234);
  CHECK(std::ranges::equal(back->extents(), index.extents()));
  const auto found = back->find({0, 4096, 3 * kPieceBytes + 1});
  REQUIRE(found.size() == 4);
  CHECK(found[0] == 8);
  CHECK(found[3] == 11);
  CHECK(back->find({1, 0, kPieceBytes}).size() == 1);
  CHECK(back->find({1, 0, kPieceBytes - 1}).empty());
  CHECK(back->find({2, 0, 1}).empty());
}

TEST_CASE("every cut and every changed byte of an index is refused, naming it", "[memory][index]") {
  const std::vector<std::byte> whole = make_index().encode();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto cut = ChecksumIndex::parse(ConstByteSpan(whole).first(n), "m.blueidx");
    REQUIRE_FALSE(cut.ok());
    REQUIRE(cut.error().is(MemoryError::bad_index));
    REQUIRE(cut.error().message().find("m.blueidx") == 0);
    std::vector<std::byte> changed = whole;
    changed[n] ^= std::byte{0x40};
    REQUIRE_FALSE(ChecksumIndex::parse(changed, "m.blueidx").ok());
  }
}

TEST_CASE("a hostile index with a right checksum is refused or read within its bytes",
          "[memory][index]") {
  const std::vector<std::byte> whole = make_index().encode();
  std::mt19937 random(5);
  std::size_t n_refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes = whole;
    if (round % 3 == 0) bytes.resize(random() % (bytes.size() + 40));
    for (std::uint32_t n = 1 + random() % 4; n > 0 && bytes.size() > 12; --n) {
      // Behind magic and version, which would end it at once.
      const std::size_t at = 12 + random() % (bytes.size() - 12);
      bytes[at] = round % 2 == 0 ? std::byte{0xff} : static_cast<std::byte>(random());
    }
    sign(bytes);
    const auto index = ChecksumIndex::parse(bytes, "m");
    if (!index) {
      n_refused += 1;
      REQUIRE(index.error().is(MemoryError::bad_index));
      continue;
    }
    REQUIRE(ChecksumIndex::encoded_size(index->extents()) == Bytes{bytes.size()});
    for (std::size_t i = 0; i < index->extents().size(); ++i)
      REQUIRE(index->checksums(i).size() == index->extents()[i].n_pieces());
  }
  CHECK(n_refused > 1000);
}

TEST_CASE("an index of another version or of no extents says what it is", "[memory][index]") {
  std::vector<std::byte> bytes = ChecksumIndex(1, {}).encode();
  REQUIRE(ChecksumIndex::parse(bytes, "m").ok());
  bytes[8] = std::byte{9};
  sign(bytes);
  CHECK(ChecksumIndex::parse(bytes, "m").error().message().find("version 9") != std::string::npos);
}
