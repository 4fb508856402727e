#include "base/memory_size.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <limits>
#include <optional>

#include "base/printable.h"

namespace blue {
namespace {

constexpr std::size_t kMostShown = 40;
constexpr std::size_t kMostDecimals = 6;
constexpr const char* kExamples = "as in 8GB, 512MiB, 1.5GiB or 60%";

struct Unit {
  std::string_view name;  ///< in lower case
  std::uint64_t bytes;
};
constexpr std::array kUnits = {
    Unit{"b", 1},
    Unit{"kb", 1'000},
    Unit{"mb", 1'000'000},
    Unit{"gb", 1'000'000'000},
    Unit{"tb", 1'000'000'000'000},
    Unit{"kib", std::uint64_t{1} << 10},
    Unit{"mib", std::uint64_t{1} << 20},
    Unit{"gib", std::uint64_t{1} << 30},
    Unit{"tib", std::uint64_t{1} << 40},
};

Error bad_size(std::string_view text, const std::string& why) {
  return {SizeError::bad_size, "'" + printable_line(text, kMostShown) + "' " + why};
}

std::optional<std::uint64_t> bytes_of(std::string_view unit) {
  std::string lower;
  for (const char c : unit) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Unit& known : kUnits) {
    if (known.name == lower) return known.bytes;
  }
  return std::nullopt;
}

/// A decimal number in millionths, exactly.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t millionths = 0;
  std::size_t length = 0;  ///< of its text; 0: no number, or one with too many digits
};

Decimal read_decimal(std::string_view text) {
  Decimal number;
  std::size_t at = 0;
  const auto is_digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (; is_digit(); ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (number.whole > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return {};
    number.whole = number.whole * 10 + digit;
  }
  if (at == 0) return {};
  if (at == text.size() || text[at] != '.') return number.length = at, number;
  const std::size_t first = ++at;
  std::uint64_t worth = MemorySize::kWhole;
  for (; is_digit(); ++at) {
    worth /= 10;
    number.millionths += static_cast<std::uint64_t>(text[at] - '0') * worth;
  }
  if (at == first || at - first > kMostDecimals) return {};
  return number.length = at, number;
}

}  // namespace

Result<MemorySize> parse_memory_size(std::string_view text) {
  const Decimal number = read_decimal(text);
  if (number.length == 0) return bad_size(text, std::string("is no size: write it ") + kExamples);
  std::string_view unit = text.substr(number.length);
  unit.remove_prefix(std::min(unit.find_first_not_of(' '), unit.size()));
  if (unit.empty())
    return bad_size(text, std::string("has no unit: write B, KB, MB, GB, TB, KiB, MiB, GiB, TiB "
                                      "or % behind the number, ") +
                              kExamples);
  const std::optional<std::uint64_t> bytes = bytes_of(unit);
  if (!bytes && unit != "%")
    return bad_size(text, std::string("has an unknown unit: write B, KB, MB, GB, TB, KiB, MiB, "
                                      "GiB, TiB or %, ") +
                              kExamples);
  if (number.whole == 0 && number.millionths == 0)
    return bad_size(text, "must be more than 0; leave it out for an automatic size");
  if (unit == "%") {
    if (number.whole > 100 || (number.whole == 100 && number.millionths > 0))
      return bad_size(text, "is more than 100 %");
    const std::uint64_t share = number.whole * (MemorySize::kWhole / 100) + number.millionths / 100;
    if (share == 0) return bad_size(text, "is too small a share");
    return MemorySize::share(static_cast<std::uint32_t>(share));
  }
  // A unit is at most 2^40 and the millionths below 10^6 < 2^20, so their product fits.
  const std::uint64_t part = number.millionths * *bytes / MemorySize::kWhole;
  if (number.whole > (std::numeric_limits<std::uint64_t>::max() - part) / *bytes)
    return bad_size(text, "is larger than any memory");
  const Bytes size{number.whole * *bytes + part};
  if (size.count == 0) return bad_size(text, "is less than one byte");
  return MemorySize(size);
}

std::string to_text(MemorySize size) {
  if (size.is_automatic()) return "automatic";
  if (!size.is_share()) return to_text(size.bytes());
  char text[32];
  std::snprintf(text, sizeof text, "%g %%", size.millionths() * 100.0 / MemorySize::kWhole);
  return text;
}

}  // namespace blue
