// Addresses of a token's key and value rows in the paged cache: KvView's address arithmetic, in one
// place. Depends on kernels/op.h and kernels/portable.h; usable in scalar, SIMD and CUDA
// translation units. Pure; any thread.
#pragma once

#include "kernels/op.h"
#include "kernels/portable.h"

namespace blue::kernels {

/// Values that share a scale, 1 where none do: rows hold a multiple of it.
BLUE_HOST_DEVICE std::uint32_t kv_block_values(KvType type) {
  return type == KvType::q8_0 ? kKvBlockValues : 1U;
}

BLUE_HOST_DEVICE std::uint32_t kv_block_bytes(KvType type) {
  return type == KvType::q8_0 ? kKvBlockBytes : type == KvType::f16 ? 2U : 4U;
}

/// Bytes of a row of `width` values.
BLUE_HOST_DEVICE std::uint64_t kv_row_bytes(KvType type, std::uint64_t width) {
  return width / kv_block_values(type) * kv_block_bytes(type);
}

/// Bytes of one token's value row.
BLUE_HOST_DEVICE std::uint64_t value_row_bytes(const KvView& kv) {
  return kv_row_bytes(kv.type, kv.v_width);
}

/// First byte of the page that holds `layer`.
BLUE_HOST_DEVICE std::byte* kv_page(const KvView& kv, std::uint32_t layer, std::int32_t page) {
  return kv.base + layer * kv.layer_stride + static_cast<std::uint64_t>(page) * kv.page_stride;
}

/// Key row [k_width] of the token-th token of a page.
BLUE_HOST_DEVICE std::byte* key_row(const KvView& kv, std::byte* page, std::uint32_t token) {
  return page + token * kv_row_bytes(kv.type, kv.k_width);
}

/// Value row [v_width] of the token-th token of a page.
BLUE_HOST_DEVICE std::byte* value_row(const KvView& kv, std::byte* page, std::uint32_t token) {
  return page + kv.v_offset + token * value_row_bytes(kv);
}

/// The page of token `t`'s sequence that holds `position`.
BLUE_HOST_DEVICE std::int32_t page_of(const StepInputs& inputs, std::uint32_t t,
                                      std::uint32_t position) {
  const std::uint64_t row =
      static_cast<std::uint64_t>(inputs.sequences[t]) * inputs.page_table_stride;
  return inputs.page_table[row + position / kPageTokens];
}

}  // namespace blue::kernels
