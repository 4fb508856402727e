// MemorySize: an amount of memory as a user asks for it: bytes, or a share of what the machine
// grants, or nothing (automatic). parse_memory_size reads "8GB", "512MiB", "1.5GiB", "60%".
// Depends on base. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace blue {

enum class SizeError {
  bad_size,  ///< text that is no size: the user corrects it
};
constexpr std::string_view error_domain(SizeError) { return "size"; }
constexpr ErrorKind error_kind(SizeError) { return ErrorKind::bad_input; }

class MemorySize {
 public:
  static constexpr std::uint32_t kWhole = 1'000'000;

  /// Nothing was asked for.
  constexpr MemorySize() = default;
  /// So many bytes; none: nothing was asked for.
  constexpr MemorySize(Bytes bytes) : bytes_(bytes) {}  // NOLINT: a size in bytes is a size
  /// `millionths` of what the machine grants, at most kWhole.
  static constexpr MemorySize share(std::uint32_t millionths) {
    MemorySize size;
    size.millionths_ = millionths;
    return size;
  }

  [[nodiscard]] constexpr bool is_automatic() const {
    return bytes_.count == 0 && millionths_ == 0;
  }
  [[nodiscard]] constexpr bool is_share() const { return millionths_ != 0; }
  [[nodiscard]] constexpr std::uint32_t millionths() const { return millionths_; }
  /// 0 where it is a share, or nothing.
  [[nodiscard]] constexpr Bytes bytes() const { return bytes_; }

  /// The bytes that it comes to where `granted` can be had; 0 where nothing was asked for.
  [[nodiscard]] constexpr Bytes of(Bytes granted) const {
    if (millionths_ == 0) return bytes_;
    // In two parts, so that the product cannot overflow.
    return {granted.count / kWhole * millionths_ + granted.count % kWhole * millionths_ / kWhole};
  }

  friend constexpr bool operator==(const MemorySize&, const MemorySize&) = default;

 private:
  Bytes bytes_;
  std::uint32_t millionths_ = 0;
};

/// A number above 0 with at most six digits behind its point, and a unit: B, KB, MB, GB, TB
/// (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024), % (of what the machine grants, at most
/// 100). Upper or lower case; blanks may stand between the two.
/// Errors: bad_size, one line that quotes the text and names the units.
Result<MemorySize> parse_memory_size(std::string_view text);

/// "60 %", "1.50 GiB", "automatic": for people.
std::string to_text(MemorySize size);

}  // namespace blue
