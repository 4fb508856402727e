// Makes the Format descriptor of a folder's Traits and its block encoder, so that a format.cpp
// holds only its encoder. Depends on kernels/format.h. For format.cpp files only (baseline
// instruction set). Pure; any thread.
#pragma once

#include <cstring>

#include "base/check.h"
#include "kernels/format.h"

namespace blue::kernels::formats {

/// Format::decode over Traits::decode. Blocks are copied out first: the bytes need no alignment.
template <class Traits>
void decode_blocks(ConstByteSpan in, std::span<float> out) {
  using QuantBlock = typename Traits::QuantBlock;
  BLUE_CHECK(in.size() % sizeof(QuantBlock) == 0 &&
                 in.size() / sizeof(QuantBlock) * Traits::kValues == out.size(),
             std::string(Traits::kName) + ": decode spans do not match");
  for (std::size_t i = 0; i < in.size() / sizeof(QuantBlock); ++i) {
    QuantBlock block;
    std::memcpy(&block, in.data() + i * sizeof(QuantBlock), sizeof(QuantBlock));
    Traits::decode(block, out.data() + i * Traits::kValues);
  }
}

/// Format::encode over `encode_block`, which maps kValues floats to one block.
template <class Traits, typename Traits::QuantBlock (*encode_block)(const float* values)>
void encode_blocks(std::span<const float> in, ByteSpan out) {
  using QuantBlock = typename Traits::QuantBlock;
  BLUE_CHECK(out.size() % sizeof(QuantBlock) == 0 &&
                 out.size() / sizeof(QuantBlock) * Traits::kValues == in.size(),
             std::string(Traits::kName) + ": encode spans do not match");
  for (std::size_t i = 0; i < out.size() / sizeof(QuantBlock); ++i) {
    const QuantBlock block = encode_block(in.data() + i * Traits::kValues);
    std::memcpy(out.data() + i * sizeof(QuantBlock), &block, sizeof(QuantBlock));
  }
}

template <class Traits, typename Traits::QuantBlock (*encode_block)(const float* values)>
constexpr Format format_of(std::uint32_t gguf_type) {
  return {.name = Traits::kName,
          .gguf_type = gguf_type,
          .values_per_block = Traits::kValues,
          .bytes_per_block = sizeof(typename Traits::QuantBlock),
          .decode = &decode_blocks<Traits>,
          .encode = &encode_blocks<Traits, encode_block>};
}

}  // namespace blue::kernels::formats
