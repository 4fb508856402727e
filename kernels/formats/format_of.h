// Makes the Format descriptor of a folder's Traits and its block encoder, so that a format.cpp holds its encoder alone.
// Depends on kernels/format.h. For format.cpp files only (baseline instruction set). Pure; any thread.
#pragma once

#include <cstring>

#include "base/check.h"
#include "kernels/format.h"

namespace blue::kernels::formats {

/// Format::decode over Traits::decode. Blocks are copied out first: the bytes need no alignment.
template <class Traits>
void decode_blocks(ConstByteSpan in, std::span<float> out) {
  using Block = typename Traits::Block;
  BLUE_CHECK(in.size() % sizeof(Block) == 0 && in.size() / sizeof(Block) * Traits::kValues == out.size(),
             std::string(Traits::kName) + ": decode spans do not match");
  for (std::size_t i = 0; i < in.size() / sizeof(Block); ++i) {
    Block block;
    std::memcpy(&block, in.data() + i * sizeof(Block), sizeof(Block));
    Traits::decode(block, out.data() + i * Traits::kValues);
  }
}

/// Format::encode over `encode_block`, which maps kValues floats to one block.
template <class Traits, typename Traits::Block (*encode_block)(const float* values)>
void encode_blocks(std::span<const float> in, ByteSpan out) {
  using Block = typename Traits::Block;
  BLUE_CHECK(out.size() % sizeof(Block) == 0 && out.size() / sizeof(Block) * Traits::kValues == in.size(),
             std::string(Traits::kName) + ": encode spans do not match");
  for (std::size_t i = 0; i < out.size() / sizeof(Block); ++i) {
    const Block block = encode_block(in.data() + i * Traits::kValues);
    std::memcpy(out.data() + i * sizeof(Block), &block, sizeof(Block));
  }
}

template <class Traits, typename Traits::Block (*encode_block)(const float* values)>
constexpr Format format_of(std::uint32_t gguf_type) {
  return {.name = Traits::kName,
          .gguf_type = gguf_type,
          .values_per_block = Traits::kValues,
          .bytes_per_block = sizeof(typename Traits::Block),
          .decode = &decode_blocks<Traits>,
          .encode = &encode_blocks<Traits, encode_block>};
}

}  // namespace blue::kernels::formats
