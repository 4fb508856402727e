// Rows into the paged cache; contract at OpKernels::store_row. Include only from *_avx2.cpp and
// *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

void store_half_row(const float* from, std::byte* row, std::uint64_t n) {
  auto* to = reinterpret_cast<std::uint16_t*>(row);
  std::uint64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_halves(to + i, load(from + i));
  for (; i < n; ++i) to[i] = _cvtss_sh(from[i], _MM_FROUND_TO_NEAREST_INT);
}

/// As formats/q8_0 encodes, to the bit: the quants are rounded against the scale as stored.
void store_block_row(const float* from, std::byte* row, std::uint64_t n) {
  constexpr int kValues = static_cast<int>(kKvBlockValues);
  const Vec sign = all(-0.0F);
  for (std::uint64_t at = 0; at < n; at += kValues, row += kKvBlockBytes) {
    Vec largest = zero();
    for (int i = 0; i < kValues; i += kLanes)
      largest = greatest(largest, without(load(from + at + i), sign));
    const float wanted = largest_of_lanes(largest) / 127.0F;
    const std::uint16_t half =
        _cvtss_sh(wanted < 65504.0F ? wanted : 65504.0F, _MM_FROUND_TO_NEAREST_INT);
    __builtin_memcpy(row, &half, sizeof half);
    auto* to = reinterpret_cast<std::int8_t*>(row + sizeof half);
    const float scale = _cvtsh_ss(half);
    if (scale == 0.0F) {
      __builtin_memset(to, 0, kValues);
      continue;
    }
    alignas(64) float quants[kValues];
    for (int i = 0; i < kValues; i += kLanes) {
      const Vec quant = round_to_int(div(load(from + at + i), all(scale)));
      store(quants + i, greatest(all(-127.0F), least(all(127.0F), quant)));
    }
    for (int i = 0; i < kValues; ++i) to[i] = static_cast<std::int8_t>(quants[i]);
  }
}

void store_row(KvType type, const float* from, std::byte* row, std::uint64_t n) {
  switch (type) {
    case KvType::f32: __builtin_memcpy(row, from, n * sizeof(float)); break;
    case KvType::f16: store_half_row(from, row, n); break;
    case KvType::q8_0: store_block_row(from, row, n); break;
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
