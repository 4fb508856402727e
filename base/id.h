// Id<Tag>: a number that names one thing of one kind; ids of different kinds do not mix.
// Depends on the standard library alone. Value type; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>

namespace blue {

template <class Tag, class Number = std::uint32_t>
struct Id {
  using Value = Number;
  Number value = std::numeric_limits<Number>::max();

  [[nodiscard]] constexpr bool is_valid() const {
    return value != std::numeric_limits<Number>::max();
  }
  friend constexpr auto operator<=>(Id, Id) = default;
};

/// A token of a vocabulary: an index into it. -1 is "none".
using TokenId = std::int32_t;
inline constexpr TokenId kNoToken = -1;

}  // namespace blue

template <class Tag, class Number>
struct std::hash<blue::Id<Tag, Number>> {
  std::size_t operator()(blue::Id<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.value);
  }
};
