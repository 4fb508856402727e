// Spans of bytes, and reading little-endian numbers out of them with their bounds checked.
// Depends on the standard library alone. Borrowing views: never outlive what they look at.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace blue {

using ByteSpan = std::span<std::byte>;
using ConstByteSpan = std::span<const std::byte>;

static_assert(std::endian::native == std::endian::little,
              "BlueOS reads and writes little-endian files in place");

/// The T at `offset`, unaligned; nothing when it does not lie wholly inside.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] std::optional<T> load_at(ConstByteSpan bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// The bytes of any span of plain values.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] ConstByteSpan bytes_of(std::span<const T> values) { return std::as_bytes(values); }

}  // namespace blue
