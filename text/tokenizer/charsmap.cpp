#include "text/tokenizer/charsmap.h"

#include <cstring>

namespace blue::text {
namespace {

// A unit of the double array. Source: Yata, darts-clone, as SentencePiece writes it. A node's unit
// carries the label it is reached by, whether it has a value, and the offset of its children; a
// value's unit has its highest bit set.
constexpr std::uint32_t kIsValue = std::uint32_t{1} << 31;

constexpr bool has_value(std::uint32_t unit) { return (unit >> 8 & 1U) != 0; }
constexpr std::uint32_t value_of(std::uint32_t unit) { return unit & ~kIsValue; }
constexpr std::uint32_t label_of(std::uint32_t unit) { return unit & (kIsValue | 0xffU); }
constexpr std::uint32_t offset_of(std::uint32_t unit) {
  return unit >> 10 << ((unit & 1U << 9) >> 6);
}

}  // namespace

Result<Charsmap> Charsmap::parse(std::string blob, const std::string& name) {
  const auto malformed = [&](const std::string& what) {
    return Error(TextError::malformed, name + " " + what + "; convert the model again");
  };
  std::uint32_t n_bytes = 0;
  if (blob.size() < sizeof n_bytes) return malformed("is shorter than its own length");
  std::memcpy(&n_bytes, blob.data(), sizeof n_bytes);
  if (n_bytes == 0 || n_bytes % sizeof(std::uint32_t) != 0 ||
      n_bytes > blob.size() - sizeof n_bytes) {
    return malformed("says its table has " + std::to_string(n_bytes) + " bytes, of " +
                     std::to_string(blob.size() - sizeof n_bytes) + " that are there");
  }
  Charsmap map;
  map.units_.resize(n_bytes / sizeof(std::uint32_t));
  std::memcpy(map.units_.data(), blob.data() + sizeof n_bytes, n_bytes);
  map.replacements_ = blob.substr(sizeof n_bytes + n_bytes);
  if (!map.replacements_.empty() && map.replacements_.back() != '\0')
    return malformed("ends inside a replacement");
  for (const std::uint32_t unit : map.units_) {
    if ((unit & kIsValue) != 0 && value_of(unit) >= map.replacements_.size())
      return malformed("has a replacement at byte " + std::to_string(value_of(unit)) + " of " +
                       std::to_string(map.replacements_.size()));
  }
  return map;
}

Charsmap::Match Charsmap::find(std::string_view text) const {
  Match best;
  std::uint32_t at = offset_of(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    at ^= byte;
    if (at >= units_.size() || label_of(units_[at]) != byte) break;
    const std::uint32_t unit = units_[at];
    at ^= offset_of(unit);
    if (!has_value(unit)) continue;
    if (at >= units_.size() || (units_[at] & kIsValue) == 0)
      break;  // a file that contradicts itself
    best = {i + 1, replacements_.c_str() + value_of(units_[at])};
  }
  return best;
}

}  // namespace blue::text
