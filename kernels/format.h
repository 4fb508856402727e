// A weight format: how numbers of one tensor row are packed into blocks. One folder each under
// kernels/formats/: format.cpp defines `const Format& format_<folder>();`, found by the generated
// registry; quant_block.h has the block struct and its per-value decoder, usable from scalar, SIMD
// and CUDA translation units. Depends on base. Plain descriptors with static lifetime; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "kernels/kernels_error.h"

namespace blue::kernels {

struct Format {
  std::string_view name;           ///< "Q8_0": the field's name, also in messages to the user
  std::uint32_t gguf_type;         ///< its number in GGUF files
  std::uint32_t values_per_block;  ///< 1 for plain floats
  std::uint32_t bytes_per_block;

  /// Decodes whole blocks. Shapes: in [n_blocks · bytes_per_block], out [n_blocks ·
  /// values_per_block]. Exact: every value is the format's definition evaluated in binary32.
  void (*decode)(ConstByteSpan in, std::span<float> out);

  /// Encodes whole blocks, round to nearest or better. Shapes: as decode, reversed.
  void (*encode)(std::span<const float> in, ByteSpan out);

  /// Bytes of one row of `n_values`; n_values must be a multiple of values_per_block.
  [[nodiscard]] constexpr std::uint64_t row_bytes(std::uint64_t n_values) const {
    return n_values / values_per_block * bytes_per_block;
  }
};

/// Every format in the tree, in alphabetical order (generated from kernels/formats/*/format.cpp).
std::span<const Format* const> registered_formats();

/// The format with this number in a GGUF file; null when unknown.
const Format* find_format(std::uint32_t gguf_type);
/// The format of this name ("Q8_0"); null when unknown.
const Format* find_format(std::string_view name);

}  // namespace blue::kernels
