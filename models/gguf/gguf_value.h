// GgufValue: where one key's value lies in a GGUF header, and of which type it is. Reading is done
// by GgufFile. Depends on base. Plain values; any thread; views into the GgufFile's header.
#pragma once

#include <cstdint>
#include <string_view>

namespace blue::models {

inline constexpr std::uint32_t kGgufMagic = 0x46554747;  ///< "GGUF", little-endian

/// The type numbers of GGUF keys.
enum class GgufType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12
};

struct GgufValue {
  std::string_view key;
  GgufType type = GgufType::u8;
  GgufType element = GgufType::u8;  ///< of an array
  std::uint64_t count = 1;          ///< elements of an array
  std::uint64_t begin =
      0;  ///< header offset of the first payload byte (behind an array's type and count)
  std::uint64_t end = 0;
};

/// "u32", "string", "array".
std::string_view name_of(GgufType type);
/// Bytes of one value; 0 for string and array, whose size is in the file.
std::uint32_t fixed_size(GgufType type);

}  // namespace blue::models
