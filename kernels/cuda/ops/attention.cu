#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/kv_number.cuh"
#include "kernels/cuda/load.cuh"
#include "kernels/cuda/warp.cuh"
#include "kernels/kv_rows.h"
#include "kernels/op_traits.h"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kWarps = 8;
/// Blocks along a grid's second dimension, one per head.
constexpr std::uint32_t kMaxGridRows = 65535;

struct AttentionShape {
  std::uint32_t n_heads;
  std::uint32_t n_kv_heads;
  std::uint32_t head_dim;
  std::uint32_t layer;
  float scale;
};

/// A softmax under way: weights relative to exp(largest score so far).
struct Softmax {
  float largest = -INFINITY;
  float sum = 0.0F;

  /// Takes one more score: `rescale` multiplies what was accumulated before, `weight` the new
  /// value.
  __device__ __forceinline__ void take(float score, float& rescale, float& weight) {
    const float now = fmaxf(largest, score);
    rescale = expf(largest - now);
    weight = expf(score - now);
    sum = sum * rescale + weight;
    largest = now;
  }
};

/// What the warps of a block hand each other: their softmaxes and, [kWarps, head_dim], their
/// weighted values.
template <int kPerLane>
struct Partials {
  float largest[kWarps];
  float sum[kWarps];
  float values[kWarps * kPerLane * kWarp];
};

/// Joins the partials in the order of the warps and writes the head's row.
template <int kPerLane>
__device__ void write_joined(const Partials<kPerLane>& partials, float* out,
                             std::uint32_t head_dim) {
  float largest = -INFINITY;
  for (std::uint32_t w = 0; w < kWarps; ++w) largest = fmaxf(largest, partials.largest[w]);
  float sum = 0.0F;
  for (std::uint32_t w = 0; w < kWarps; ++w)
    sum += partials.sum[w] * expf(partials.largest[w] - largest);
  for (std::uint32_t d = threadIdx.x; d < head_dim; d += blockDim.x) {
    float value = 0.0F;
    for (std::uint32_t w = 0; w < kWarps; ++w) {
      value += partials.values[w * head_dim + d] * expf(partials.largest[w] - largest);
    }
    out[d] = value / sum;
  }
}

/// One block a token and head; warp w takes the positions w, w + kWarps, ...; lane l the dimensions
/// l, l + 32, ... of them. A warp without a position keeps a softmax of largest -inf and sum 0,
/// which the join weighs with exp(-inf) = 0.
template <class Number, int kPerLane>
__global__ void __launch_bounds__(kWarps* kWarp)
    attention_kernel(const float* q, float* out, AttentionShape shape, KvView kv,
                     StepInputs inputs) {
  __shared__ Partials<kPerLane> partials;
  const std::uint32_t token = blockIdx.x;
  const std::uint32_t head = blockIdx.y;
  const std::uint32_t lane = threadIdx.x % kWarp;
  const std::uint32_t warp = threadIdx.x / kWarp;
  const std::uint32_t kv_column = head / (shape.n_heads / shape.n_kv_heads) * shape.head_dim;
  const std::uint64_t q_row =
      (static_cast<std::uint64_t>(token) * shape.n_heads + head) * shape.head_dim;
  const auto length = static_cast<std::uint32_t>(inputs.positions[token]) + 1;

  float query[kPerLane];
  float sums[kPerLane] = {};
#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const std::uint32_t d = lane + i * kWarp;
    query[i] = d < shape.head_dim ? q[q_row + d] * shape.scale : 0.0F;
  }

  Softmax softmax;
  for (std::uint32_t position = warp; position < length; position += kWarps) {
    std::byte* page = kv_page(kv, shape.layer, page_of(inputs, token, position));
    const auto* key =
        reinterpret_cast<Number*>(key_row(kv, page, position % kPageTokens)) + kv_column;
    const auto* value =
        reinterpret_cast<Number*>(value_row(kv, page, position % kPageTokens)) + kv_column;
    float product = 0.0F;
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      const std::uint32_t d = lane + i * kWarp;
      if (d < shape.head_dim) product = __fmaf_rn(query[i], load_number(key + d), product);
    }
    float rescale = 0.0F;
    float weight = 0.0F;
    softmax.take(warp_sum(product), rescale, weight);
#pragma unroll
    for (int i = 0; i < kPerLane; ++i) {
      const std::uint32_t d = lane + i * kWarp;
      if (d < shape.head_dim)
        sums[i] = __fmaf_rn(weight, load_number(value + d), sums[i] * rescale);
    }
  }

#pragma unroll
  for (int i = 0; i < kPerLane; ++i) {
    const std::uint32_t d = lane + i * kWarp;
    if (d < shape.head_dim) partials.values[warp * shape.head_dim + d] = sums[i];
  }
  if (lane == 0) {
    partials.largest[warp] = softmax.largest;
    partials.sum[warp] = softmax.sum;
  }
  __syncthreads();
  write_joined(partials, out + q_row, shape.head_dim);
}

template <class Number>
bool load_for_cache() {
  return load_kernels(attention_kernel<Number, 2>, attention_kernel<Number, 4>,
                      attention_kernel<Number, 8>, attention_kernel<Number, 16>);
}

template <class Number>
void launch_for_cache(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                      CUstream_st* stream) {
  const AttentionShape shape{op.n_heads, op.n_kv_heads, op.head_dim, op.layer, op.scale};
  const float* q = bindings.activations[op.in];
  float* out = bindings.activations[op.out];
  const dim3 grid(n_rows(op, inputs), op.n_heads);
  const std::uint32_t threads = kWarps * kWarp;
  if (op.head_dim <= 64) {
    attention_kernel<Number, 2><<<grid, threads, 0, stream>>>(q, out, shape, bindings.kv, inputs);
  } else if (op.head_dim <= 128) {
    attention_kernel<Number, 4><<<grid, threads, 0, stream>>>(q, out, shape, bindings.kv, inputs);
  } else if (op.head_dim <= 256) {
    attention_kernel<Number, 8><<<grid, threads, 0, stream>>>(q, out, shape, bindings.kv, inputs);
  } else {
    static_assert(kMaxHeadDim <= 16 * kWarp, "check_shape admits heads that no kernel here takes");
    attention_kernel<Number, 16><<<grid, threads, 0, stream>>>(q, out, shape, bindings.kv, inputs);
  }
}

bool load() { return load_for_cache<float>() && load_for_cache<__half>(); }

/// Causal attention of the step's tokens over the paged cache, grouped queries, online softmax.
/// Shapes:   in (q) and out [n_tokens, n_heads, head_dim] float32; cache rows [n_kv_heads,
///           head_dim], f32 or f16.
/// Units:    scale multiplies q·k before the softmax. A token sees positions 0..position[t] of its
///           sequence; lengths, sequences and pages are read on the device, so one captured launch
///           serves a growing context.
/// Aliasing: out may be in (a block reads its query before it writes).
/// Threads:  one launch on `stream`; never allocates.
/// Errors:   unsupported_shape unless head_dim <= kMaxHeadDim and n_heads is a multiple of
///           n_kv_heads (supports()).
/// Bound:    reads 2 · length · head_dim values per token and head; error within op_traits.h.
/// Source:   Milakov and Gimelshein 2018, Online normalizer calculation for softmax; Kwon et al.
///           2023, PagedAttention.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  if (n_rows(op, inputs) == 0) return;
  if (bindings.kv.type == KvType::f16)
    return launch_for_cache<__half>(op, bindings, inputs, stream);
  launch_for_cache<float>(op, bindings, inputs, stream);
}

std::string_view missing(const Op& op) {
  return op.n_heads > kMaxGridRows ? "more than 65535 heads" : "";
}

}  // namespace

const CudaOp& cuda_op_attention() {
  static constexpr CudaOp kOp{.missing = missing, .launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
