// Q4_K in vectors: split the nibbles, one fused step per vector; both products are exact, so fusing changes nothing.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/chunk_decoder.inl.h"
#include "kernels/formats/q4_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::q4_k::Traits> {
 public:
  static constexpr int kValues = formats::q4_k::Traits::kValues;

  BLUE_SIMD explicit ChunkDecoder(const formats::q4_k::Block* block) : quants_(block->quants) {
    const float scale = _cvtsh_ss(block->scale_f16);
    const float min = _cvtsh_ss(block->min_f16);
    for (int group = 0; group < formats::q4_k::kGroups; ++group) {
      scales_[group] = scale * static_cast<float>(formats::q4_k::group_scale(*block, group));
      mins_[group] = min * static_cast<float>(formats::q4_k::group_min(*block, group));
    }
  }

  BLUE_SIMD Vec at(int i) const {
    const int group = i / formats::q4_k::kGroupValues;
    const std::uint8_t* bytes =
        quants_ + group / 2 * formats::q4_k::kGroupValues + i % formats::q4_k::kGroupValues;
    return sub(mul(load_nibbles(bytes, group % 2 * 4), all(scales_[group])), all(mins_[group]));
  }

 private:
  const std::uint8_t* quants_;
  float scales_[formats::q4_k::kGroups];
  float mins_[formats::q4_k::kGroups];
};

}  // namespace
}  // namespace blue::kernels::cpu
