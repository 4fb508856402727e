// The kernels of one weight format on one instruction set: defined by BLUE_CPU_FORMAT in generated
// translation units, found by the generated table (generated/kernels/cpu/format_table.h). Depends
// on the standard library alone. Plain function pointers with static lifetime; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blue::kernels::cpu {

/// One part of a linear op: some rows of the weight against all rows of the input.
struct LinearPart {
  const std::byte* weight = nullptr;  ///< row 0 of the matrix
  std::uint64_t row_bytes = 0;
  std::uint64_t first_row = 0;
  std::uint64_t end_row = 0;
  const float* in = nullptr;  ///< [n_tokens, cols]
  float* out = nullptr;       ///< [n_tokens, out_width]; columns [first_row, end_row) are written
  std::uint64_t cols = 0;
  std::uint64_t out_width = 0;
  std::uint64_t n_tokens = 0;
  std::byte* bytes = nullptr;  ///< rows of q8_rows.h for linear_q8, of `cols` values each
  /// [n_tokens] which row of `bytes` belongs to a token; null: the row of its own number.
  const std::uint32_t* row_of = nullptr;
};

/// Either `linear` or `linear_q8` is set: a quantised format has the second, a plain one the first.
struct FormatKernels {
  const char* name = nullptr;  ///< Format::name
  /// out[t, r] = Σ_c weight[r, c] · in[t, c] for r in [first_row, end_row). Weights are decoded to
  /// float32 in registers or the first cache and never rounded further; sums are float32 in as many
  /// partial sums as there are lanes.
  void (*linear)(const LinearPart& part) = nullptr;
  /// The same from LinearPart::bytes instead of `in`. Products are exact integers within a group of
  /// the format; groups are summed in float32. first_row is a multiple of kRowsAtOnce.
  void (*linear_q8)(const LinearPart& part) = nullptr;
};

/// Rows of a weight that are worked on together.
inline constexpr std::uint64_t kRowsAtOnce = 32;

}  // namespace blue::kernels::cpu
