// What makes a struct a message: an aggregate of plain values with a static name and a trace.
//   struct OpenRun {
//     static constexpr const char* type_name = "open_run";
//     TraceContext trace;
//     RunNumber run;
//   };
// Never tensor bytes, never a lease, never a float: CAF 0.17's wire format loses infinities, so
// FloatBits carries a float. fields.h reflects the members and checks that. Depends on base. No
// CAF and no reflection in here: the policies include it. Plain values; any thread.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "base/trace_context.h"

namespace blue::messages {

/// What may be sent, apart from the types of its fields (WireSafe of fields.h).
template <class T>
concept Message = std::is_aggregate_v<T> && std::is_default_constructible_v<T> &&
    std::is_copy_constructible_v<T> && requires(T& value) {
  { T::type_name } -> std::convertible_to<const char*>;
  { value.trace } -> std::same_as<TraceContext&>;
};

/// An actor sends it to itself to poll its rings again. It carries a trace like all messages, but
/// handling it leaves no span: the ring records do.
struct LookAgain {
  static constexpr const char* type_name = "look_again";
  TraceContext trace;
};

/// A float as its bits: exact in every wire format.
struct FloatBits {
  std::uint32_t bits = 0;

  [[nodiscard]] static FloatBits of(float value) { return {std::bit_cast<std::uint32_t>(value)}; }
  [[nodiscard]] float value() const { return std::bit_cast<float>(bits); }
};

}  // namespace blue::messages
