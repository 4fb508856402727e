#include "models/tokenizer/byte_spelling.h"

#include <array>

#include "models/tokenizer/utf8.h"

namespace blue::models {
namespace {

constexpr std::uint32_t kFirstStandIn = 0x100;
constexpr std::uint32_t kStandIns = 68;
constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

constexpr bool stands_for_itself(std::uint32_t byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

/// The bytes that the characters from U+0100 on mean.
constexpr std::array<std::uint8_t, kStandIns> make_stand_ins() {
  std::array<std::uint8_t, kStandIns> out{};
  std::size_t n = 0;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    if (!stands_for_itself(byte)) out[n++] = static_cast<std::uint8_t>(byte);
  }
  return out;
}
constexpr std::array<std::uint8_t, kStandIns> kMeaning = make_stand_ins();

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::optional<std::uint8_t> byte_of_name(std::string_view name) {
  if (name.size() != 6 || name.substr(0, 3) != "<0x" || name[5] != '>') return std::nullopt;
  const std::optional<std::uint8_t> high = hex_digit(name[3]);
  const std::optional<std::uint8_t> low = hex_digit(name[4]);
  if (!high || !low) return std::nullopt;
  return static_cast<std::uint8_t>(*high << 4 | *low);
}

bool append_spelled_bytes(std::string_view written, std::vector<char>& out) {
  while (!written.empty()) {
    const std::size_t n = utf8_character(written);
    const auto first = static_cast<unsigned char>(written[0]);
    std::uint32_t character = first;
    if (n == 2) {  // every stand-in is below U+0800
      character = (first & 0x1fU) << 6 | (static_cast<unsigned char>(written[1]) & 0x3fU);
    } else if (n != 1) {
      return false;
    }
    if (stands_for_itself(character)) {
      out.push_back(static_cast<char>(character));
    } else if (character >= kFirstStandIn && character < kFirstStandIn + kStandIns) {
      out.push_back(static_cast<char>(kMeaning[character - kFirstStandIn]));
    } else {
      return false;
    }
    written.remove_prefix(n);
  }
  return true;
}

void append_with_spaces(std::string_view written, std::vector<char>& out) {
  while (!written.empty()) {
    if (written.substr(0, kSpaceMark.size()) == kSpaceMark) {
      out.push_back(' ');
      written.remove_prefix(kSpaceMark.size());
    } else {
      out.push_back(written[0]);
      written.remove_prefix(1);
    }
  }
}

}  // namespace blue::models
