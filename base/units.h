// Units as types: Bytes and Nanoseconds. A number with a unit in its type cannot be passed where
// another is meant. Depends on the standard library alone. Value types; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace blue {

/// A count of bytes.
struct Bytes {
  std::uint64_t count = 0;

  friend constexpr auto operator<=>(Bytes, Bytes) = default;
  friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.count + b.count}; }
  friend constexpr Bytes operator-(Bytes a, Bytes b) { return {a.count - b.count}; }
  friend constexpr Bytes operator*(Bytes a, std::uint64_t n) { return {a.count * n}; }
  constexpr Bytes& operator+=(Bytes b) { return count += b.count, *this; }
  constexpr Bytes& operator-=(Bytes b) { return count -= b.count, *this; }
};

constexpr Bytes operator""_B(unsigned long long n) { return {n}; }
constexpr Bytes operator""_KiB(unsigned long long n) { return {n << 10}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return {n << 20}; }
constexpr Bytes operator""_GiB(unsigned long long n) { return {n << 30}; }

/// `value` rounded up to a multiple of `unit` (> 0, need not be a power of two).
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}
constexpr Bytes round_up(Bytes value, Bytes unit) { return {round_up(value.count, unit.count)}; }

/// "1.50 MiB": for people.
std::string to_text(Bytes bytes);

/// Monotonic time (CLOCK_MONOTONIC), nanoseconds; comparable between the threads of one machine.
using Nanoseconds = std::int64_t;
Nanoseconds monotonic_now_ns();

}  // namespace blue
