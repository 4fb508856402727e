// The two ops that read weights in a format, embed and linear, written once over a format's Traits
// (quant_block.h). Generated .cu files include it and expand BLUE_CUDA_FORMAT(<folder>) for some
// formats. Depends on kernels/portable.h through quant_block.h, on launch.h and the CUDA language.
// Pure launches; any thread.
#pragma once

#include <cstdint>

#include "kernels/cuda/format_kernels.h"
#include "kernels/cuda/load.cuh"
#include "kernels/cuda/warp.cuh"

namespace blue::kernels::cuda {

inline constexpr std::uint32_t kEmbedThreads = 128;
inline constexpr std::uint32_t kLinearWarps = 8;
/// Tokens that one warp multiplies a decoded weight with; more tokens are more tiles.
inline constexpr int kMaxTokenTile = 8;

/// out[t, c] = decode(weight[token_ids[t], c]): one thread a value.
template <class Traits>
__global__ void embed_kernel(const typename Traits::QuantBlock* __restrict__ weight,
                             const std::int32_t* __restrict__ token_ids, float* __restrict__ out,
                             std::uint32_t cols) {
  const std::uint32_t token = blockIdx.x;
  const std::uint32_t c = blockIdx.y * blockDim.x + threadIdx.x;
  if (c >= cols) return;
  const auto row = static_cast<std::uint64_t>(token_ids[token]);
  const typename Traits::QuantBlock* blocks = weight + row * (cols / Traits::kValues);
  out[static_cast<std::uint64_t>(token) * cols + c] =
      Traits::value(blocks[c / Traits::kValues], c % Traits::kValues);
}

/// out[t, r] = sum over c of weight[r, c] · in[t, c]: one warp a row and kTile tokens. Lane l takes
/// the columns l, l + 32, ..., then the lanes are summed as a tree. That order is the same for
/// every kTile and every number of tokens, so a token's values do not depend on the tokens beside
/// it: a prompt in one step equals a prompt token by token, to the bit.
template <class Traits, int kTile>
__global__ void __launch_bounds__(kLinearWarps* kWarp)
    linear_kernel(const typename Traits::QuantBlock* __restrict__ weight,
                  const float* __restrict__ in, float* __restrict__ out, std::uint32_t rows,
                  std::uint32_t cols, std::uint32_t n_tokens) {
  const std::uint32_t lane = threadIdx.x % kWarp;
  const std::uint32_t row = blockIdx.x * kLinearWarps + threadIdx.x / kWarp;
  const std::uint32_t first_token = blockIdx.y * kTile;
  if (row >= rows) return;

  const typename Traits::QuantBlock* blocks =
      weight + static_cast<std::uint64_t>(row) * (cols / Traits::kValues);
  // Past the last token a tile reads the last one again and drops the result.
  const float* activations[kTile];
  float sums[kTile];
#pragma unroll
  for (int t = 0; t < kTile; ++t) {
    const std::uint32_t token = min(first_token + t, n_tokens - 1);
    activations[t] = in + static_cast<std::uint64_t>(token) * cols;
    sums[t] = 0.0F;
  }
#pragma unroll 4
  for (std::uint32_t c = lane; c < cols; c += kWarp) {
    const float value =
        Traits::value(blocks[c / Traits::kValues], static_cast<int>(c % Traits::kValues));
#pragma unroll
    for (int t = 0; t < kTile; ++t) sums[t] = __fmaf_rn(value, activations[t][c], sums[t]);
  }
#pragma unroll
  for (int t = 0; t < kTile; ++t) {
    const float sum = warp_sum(sums[t]);
    if (lane == 0 && first_token + t < n_tokens)
      out[static_cast<std::uint64_t>(first_token + t) * rows + row] = sum;
  }
}

template <class Traits, int kTile>
void launch_linear_tile(const Op& op, const Bindings& bindings, std::uint32_t n_tokens,
                        CUstream_st* stream) {
  const auto* weight =
      reinterpret_cast<const typename Traits::QuantBlock*>(bindings.weights[op.weight].data);
  const dim3 grid(n_blocks(op.rows, kLinearWarps), n_blocks(n_tokens, kTile));
  linear_kernel<Traits, kTile><<<grid, kLinearWarps * kWarp, 0, stream>>>(
      weight, bindings.activations[op.in], bindings.activations[op.out], op.rows, op.cols,
      n_tokens);
}

/// Linear layer over weights in this format; activations and accumulation in float32.
/// Shapes:   weight [rows, cols] (cols a multiple of the format's block), in [n, cols], out [n,
///           rows], n of op.row_set.
/// Aliasing: out must not overlap in.
/// Threads:  one launch on `stream`; never allocates.
/// Errors:   unsupported_shape, unsupported_format (supports()).
/// Bound:    reads the weights once per kMaxTokenTile tokens: rows · row_bytes(cols) bytes at one
///           token. Error as any float32 sum of cols products in 32 interleaved parts: within
///           op_traits.h.
/// Source:   the plain matrix-vector product, a warp per row.
template <class Traits>
void launch_linear(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                   CUstream_st* stream) {
  const std::uint32_t n = n_rows(op, inputs);
  if (n == 0) return;
  if (n == 1) return launch_linear_tile<Traits, 1>(op, bindings, n, stream);
  if (n == 2) return launch_linear_tile<Traits, 2>(op, bindings, n, stream);
  if (n <= 4) return launch_linear_tile<Traits, 4>(op, bindings, n, stream);
  launch_linear_tile<Traits, kMaxTokenTile>(op, bindings, n, stream);
}

/// Rows of the embedding matrix, decoded.
/// Shapes:   weight [n_vocab, cols], out [n_tokens, cols].
/// Units:    token_ids in [0, n_vocab): the caller has checked.
/// Aliasing: none.
/// Threads:  one launch on `stream`; never allocates.
/// Errors:   unsupported_format (supports()).
/// Bound:    exact; reads n_tokens · row_bytes(cols) bytes.
/// Source:   the format's definition.
template <class Traits>
void launch_embed(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                  CUstream_st* stream) {
  const std::uint32_t n_tokens = n_rows(op, inputs);
  if (n_tokens == 0) return;
  const auto* weight =
      reinterpret_cast<const typename Traits::QuantBlock*>(bindings.weights[op.weight].data);
  const dim3 grid(n_tokens, n_blocks(op.cols, kEmbedThreads));
  embed_kernel<Traits><<<grid, kEmbedThreads, 0, stream>>>(weight, inputs.token_ids,
                                                           bindings.activations[op.out], op.cols);
}

template <class Traits>
bool load_format() {
  return load_kernels(embed_kernel<Traits>, linear_kernel<Traits, 1>, linear_kernel<Traits, 2>,
                      linear_kernel<Traits, 4>, linear_kernel<Traits, kMaxTokenTile>);
}

}  // namespace blue::kernels::cuda

/// Defines `const FormatKernels& cuda_<folder>();` over the Traits of
/// kernels/formats/<folder>/quant_block.h.
#define BLUE_CUDA_FORMAT(folder)                                                          \
  namespace blue::kernels::cuda {                                                         \
  const FormatKernels& cuda_##folder() {                                                  \
    using Traits = formats::folder::Traits;                                               \
    static constexpr FormatKernels kKernels{Traits::kName, &launch_linear<Traits>,        \
                                            &launch_embed<Traits>, &load_format<Traits>}; \
    return kKernels;                                                                      \
  }                                                                                       \
  }
