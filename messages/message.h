// What makes a struct a message: plain values, a static name, a trace, and one place that lists its
// fields.
//   struct OpenRun {
//     static constexpr const char* type_name = "open_run";
//     TraceContext trace;
//     std::uint64_t run = 0;
//     template <class Visit> auto visit_fields(Visit&& visit) { return visit(trace, run); }
//   };
// Never tensor bytes, never a lease, never a float: a float's wire format loses infinities, so
// FloatBits carries it. Depends on base. No CAF in here. Plain values; any thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "base/trace_context.h"

namespace blue::messages {

namespace fields {
/// Stands in for any visitor when a concept asks whether there are fields to visit.
struct AnyVisit {
  template <class... Fields>
  int operator()(Fields&...) const {
    return 0;
  }
};
/// Refuses floating point among the fields of a message.
struct NoFloats {
  template <class... Fields>
  constexpr std::bool_constant<(!std::is_floating_point_v<std::remove_cvref_t<Fields>> && ...)>
  operator()(Fields&...) const {
    return {};
  }
};
}  // namespace fields

/// A named struct that lists its fields.
template <class T>
concept Record = requires(T& value) {
  { T::type_name } -> std::convertible_to<const char*>;
  {value.visit_fields(fields::AnyVisit{})};
};

template <class T>
concept HasTrace = requires(T& value) {
  { value.trace } -> std::same_as<TraceContext&>;
};

/// What may be sent.
template <class T>
concept Message = Record<T> && HasTrace<T> && std::is_default_constructible_v<T> &&
    std::is_copy_constructible_v<T> &&
    decltype(std::declval<T&>().visit_fields(fields::NoFloats{}))::value;

/// A message that an actor sends itself to look at its rings again. It carries a trace like all
/// others, but handling it leaves no span of its own: what it finds in a ring does.
template <class T>
concept Poll = Message<T> && T::is_poll;

/// A float as its bits: exact in every wire format.
struct FloatBits {
  static constexpr const char* type_name = "float_bits";
  std::uint32_t bits = 0;

  [[nodiscard]] static FloatBits of(float value) { return {std::bit_cast<std::uint32_t>(value)}; }
  [[nodiscard]] float value() const { return std::bit_cast<float>(bits); }
  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(bits);
  }
};

}  // namespace blue::messages
