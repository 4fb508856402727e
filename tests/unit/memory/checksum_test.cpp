#include "memory/checksum.h"

#include <catch2/catch_test_macros.hpp>
#include <string_view>
#include <vector>

using namespace blue;

namespace {

ConstByteSpan bytes_of_text(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

TEST_CASE("the checksum is the published CRC32C", "[memory][checksum]") {
  CHECK(memory::crc32c(bytes_of_text("123456789")) == 0xE3069283U);
  CHECK(memory::crc32c(std::vector<std::byte>(32, std::byte{0})) == 0x8A9136AAU);  // RFC 3720 B.4
  CHECK(memory::crc32c(std::vector<std::byte>(32, std::byte{0xff})) == 0x62A8AB43U);
  CHECK(memory::crc32c({}) == 0U);
}

TEST_CASE("the checksum of two pieces in turn is that of the whole", "[memory][checksum]") {
  const std::string_view text = "Bytes move, policy decides.";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t first = memory::crc32c(bytes_of_text(text.substr(0, cut)));
    CHECK(memory::crc32c(bytes_of_text(text.substr(cut)), first) ==
          memory::crc32c(bytes_of_text(text)));
  }
}
