// Values of the paged cache, one by one, for the reference ops that read it. Depends on
// kernels/kv_rows.h. Pure functions; any thread.
#pragma once

#include <cstring>

#include "kernels/kv_rows.h"

namespace blue::kernels::reference {

/// Value i of a row.
inline double load(const std::byte* row, KvType type, std::uint32_t i) {
  if (type == KvType::q8_0) {
    const std::byte* block = row + std::uint64_t{i / kKvBlockValues} * kKvBlockBytes;
    std::uint16_t scale;
    std::memcpy(&scale, block, sizeof scale);
    const auto quant = std::to_integer<std::int8_t>(block[sizeof scale + i % kKvBlockValues]);
    return static_cast<double>(half_to_float(scale)) * quant;
  }
  if (type == KvType::f16) {
    std::uint16_t half;
    std::memcpy(&half, row + std::uint64_t{i} * 2, sizeof half);
    return half_to_float(half);
  }
  float value;
  std::memcpy(&value, row + std::uint64_t{i} * 4, sizeof value);
  return value;
}

/// One head of one token against one token of the cache.
inline double score(const Op& op, const KvView& kv, const float* q, const std::byte* key,
                    std::uint32_t kv_head) {
  double sum = 0.0;
  for (std::uint32_t d = 0; d < op.head_dim; ++d)
    sum += q[d] * load(key, kv.type, kv_head * op.head_dim + d);
  return sum * op.scale;
}

}  // namespace blue::kernels::reference
