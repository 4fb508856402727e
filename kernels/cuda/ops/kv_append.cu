#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/kv_number.cuh"
#include "kernels/cuda/load.cuh"
#include "kernels/kv_rows.h"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kThreads = 128;

/// One block a token.
template <class Number>
__global__ void kv_append_kernel(const float* __restrict__ keys, const float* __restrict__ values,
                                 std::uint32_t width, std::uint32_t layer, KvView kv,
                                 StepInputs inputs) {
  const std::uint32_t token = blockIdx.x;
  const auto position = static_cast<std::uint32_t>(inputs.positions[token]);
  std::byte* page = kv_page(kv, layer, page_of(inputs, token, position));
  auto* key = reinterpret_cast<Number*>(key_row(kv, page, position % kPageTokens));
  auto* value = reinterpret_cast<Number*>(value_row(kv, page, position % kPageTokens));
  const std::uint64_t row = static_cast<std::uint64_t>(token) * width;
  for (std::uint32_t c = threadIdx.x; c < width; c += blockDim.x) {
    store_number(key + c, keys[row + c]);
    store_number(value + c, values[row + c]);
  }
}

bool load() { return load_kernels(kv_append_kernel<float>, kv_append_kernel<__half>); }

/// Writes the step's keys and values into the paged cache.
/// Shapes:   in (k) and in2 (v) [n_tokens, n_kv_heads · head_dim] float32; pages of kPageTokens
///           rows, f32 or f16.
/// Units:    positions in tokens, read on the device; the page table names the page of each 32
///           positions.
/// Aliasing: the cache overlaps neither; no two tokens of a step share sequence and position.
/// Threads:  one launch on `stream`, a block per token; never allocates.
/// Errors:   none beyond the launch.
/// Bound:    f32 exact; f16 rounds to nearest even, relative error 2^-11.
/// Source:   Kwon et al. 2023, PagedAttention, §4.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  const std::uint32_t n_tokens = n_rows(op, inputs);
  if (n_tokens == 0) return;
  const float* keys = bindings.activations[op.in];
  const float* values = bindings.activations[op.in2];
  const std::uint32_t width = op.n_kv_heads * op.head_dim;
  if (bindings.kv.type == KvType::f16) {
    kv_append_kernel<__half>
        <<<n_tokens, kThreads, 0, stream>>>(keys, values, width, op.layer, bindings.kv, inputs);
  } else {
    kv_append_kernel<float>
        <<<n_tokens, kThreads, 0, stream>>>(keys, values, width, op.layer, bindings.kv, inputs);
  }
}

std::string_view missing(const Op& op) {
  const bool is_missing = op.in2 == kNoOperand || op.value_dim != 0;
  return is_missing ? "keys alone, or values of a width of their own" : "";
}

}  // namespace

const CudaOp& cuda_op_kv_append() {
  static constexpr CudaOp kOp{.missing = missing, .launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
