// Writes SentencePiece's compiled table of replacements, for tests. Depends on the standard library
// alone. Header only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace blue::models::testing {

/// A double array that gives every node a block of 256 units of its own: wasteful, and easy to see
/// right.
inline std::string charsmap(const std::map<std::string, std::string>& replacements) {
  std::map<std::string, std::uint32_t> block{
      {"", 1}};  // a node's children are in the block of this number
  for (const auto& [from, to] : replacements) {
    for (std::size_t n = 1; n <= from.size(); ++n) {
      block.emplace(from.substr(0, n), static_cast<std::uint32_t>(block.size() + 1));
    }
  }
  std::string units(4 * 256 * (block.size() + 1), '\0');
  const auto set = [&](std::uint32_t at, std::uint32_t unit) {
    for (unsigned i = 0; i < 4; ++i) units[4 * at + i] = static_cast<char>(unit >> 8 * i);
  };
  std::string texts;
  // Offsets are xor-ed to the place of a unit; those here are below 2^21 and need no shift.
  set(0, (256 * block.at("")) << 10);
  for (const auto& [node, number] : block) {
    if (node.empty()) continue;
    const auto byte = static_cast<unsigned char>(node.back());
    const std::uint32_t at = 256 * block.at(node.substr(0, node.size() - 1)) ^ byte;
    const auto value = replacements.find(node);
    const std::uint32_t has_value = value != replacements.end() ? 1U << 8 : 0;
    set(at, (at ^ (256 * number)) << 10 | has_value | byte);
    if (value == replacements.end()) continue;
    set(256 * number, 1U << 31 | static_cast<std::uint32_t>(texts.size()));
    texts += value->second + '\0';
  }
  std::string out;
  for (unsigned i = 0; i < 4; ++i) out += static_cast<char>(units.size() >> 8 * i);
  return out + units + texts;
}

}  // namespace blue::models::testing
