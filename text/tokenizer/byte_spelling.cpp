#include "text/tokenizer/byte_spelling.h"

#include <array>

#include "base/utf8.h"

namespace blue::text {
namespace {

constexpr std::uint32_t kFirstStandIn = 0x100;
constexpr std::uint32_t kStandIns = 68;
constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

constexpr bool stands_for_itself(std::uint32_t byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) ||
         (byte >= 0xae && byte <= 0xff);
}

/// By character: the byte it means, or kNoByte.
constexpr std::int16_t kNoByte = -1;
constexpr std::array<std::int16_t, kFirstStandIn + kStandIns> make_meanings() {
  std::array<std::int16_t, kFirstStandIn + kStandIns> out{};
  std::size_t stand_in = kFirstStandIn;
  for (std::uint32_t byte = 0; byte < kFirstStandIn; ++byte) {
    out[byte] = stands_for_itself(byte) ? static_cast<std::int16_t>(byte) : kNoByte;
    if (!stands_for_itself(byte)) out[stand_in++] = static_cast<std::int16_t>(byte);
  }
  return out;
}
constexpr std::array<std::int16_t, kFirstStandIn + kStandIns> kMeaning = make_meanings();

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
  const std::size_t before = out.size();
  out.resize(before + written.size());  // a character means one byte at most
  char* to = out.data() + before;
  std::size_t at = 0;
  while (at < written.size()) {
    std::uint32_t character = static_cast<unsigned char>(written[at]);
    std::size_t n = 1;
    if (character >= 0x80) {
      n = utf8_character(written.substr(at));
      if (n != 2) break;  // every stand-in is below U+0800
      character = (character & 0x1fU) << 6 | (static_cast<unsigned char>(written[at + 1]) & 0x3fU);
    }
    if (character >= kMeaning.size() || kMeaning[character] == kNoByte) break;
    *to++ = static_cast<char>(kMeaning[character]);
    at += n;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
  return at == written.size();
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

}  // namespace blue::text
