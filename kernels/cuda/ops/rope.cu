#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/load.cuh"
#include "kernels/op.h"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kMaxPairs = kMaxHeadDim / 2;
constexpr std::uint32_t kMaxThreads = 256;

struct Rotation {
  std::uint32_t n_heads;
  std::uint32_t head_dim;
  std::uint32_t rotary_dims;
  RopeStyle style;
  double base;
  double scale;
};

/// One block a token: its angles once, into shared memory, then every pair of every head. Angles
/// are taken in double: in float32 the rounding of frequency times position reaches 4e-3 at
/// position 32768. They cost a few hundred double operations per pair and token, shared by all
/// heads.
__global__ void rope_kernel(float* values, const std::int32_t* __restrict__ positions,
                            Rotation rotation) {
  __shared__ float cosines[kMaxPairs];
  __shared__ float sines[kMaxPairs];
  const std::uint32_t n_pairs = rotation.rotary_dims / 2;
  const auto position = static_cast<double>(positions[blockIdx.x]);
  for (std::uint32_t i = threadIdx.x; i < n_pairs; i += blockDim.x) {
    const double exponent =
        -2.0 * static_cast<double>(i) / static_cast<double>(rotation.rotary_dims);
    double sine = 0.0;
    double cosine = 0.0;
    sincos(position * pow(rotation.base, exponent) * rotation.scale, &sine, &cosine);
    cosines[i] = static_cast<float>(cosine);
    sines[i] = static_cast<float>(sine);
  }
  __syncthreads();

  float* row =
      values + static_cast<std::uint64_t>(blockIdx.x) * rotation.n_heads * rotation.head_dim;
  for (std::uint32_t k = threadIdx.x; k < rotation.n_heads * n_pairs; k += blockDim.x) {
    const std::uint32_t i = k % n_pairs;
    float* head = row + k / n_pairs * rotation.head_dim;
    float* first = rotation.style == RopeStyle::adjacent ? head + 2 * i : head + i;
    float* second = rotation.style == RopeStyle::adjacent ? first + 1 : first + n_pairs;
    const float x = *first;
    const float y = *second;
    *first = x * cosines[i] - y * sines[i];
    *second = x * sines[i] + y * cosines[i];
  }
}

bool load() { return load_kernels(rope_kernel); }

/// Rotary position embedding, in place.
/// Shapes:   in = out [n_tokens, n_heads, head_dim]; the first rotary_dims of each head rotate, the
///           rest stay.
/// Units:    angle = position · rope_base^(-2i / rotary_dims) · rope_scale, radians; positions read
///           on the device.
/// Aliasing: out is in.
/// Threads:  one launch on `stream`, a block per token; never allocates.
/// Errors:   unsupported_shape unless rotary_dims is even and <= head_dim <= kMaxHeadDim
///           (supports()).
/// Bound:    reads and writes n_tokens · n_heads · rotary_dims · 4 bytes; angles in double, error
///           within op_traits.h.
/// Source:   Su et al. 2021, RoFormer, §3.2.2.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  const std::uint32_t n_tokens = n_rows(op, inputs);
  if (n_tokens == 0) return;
  const Rotation rotation{op.n_heads,    op.head_dim,  op.rotary_dims,
                          op.rope_style, op.rope_base, op.rope_scale};
  const std::uint32_t n_rotated = op.n_heads * op.rotary_dims / 2;
  const std::uint32_t threads = min(kMaxThreads, n_blocks(n_rotated, 32) * 32);
  rope_kernel<<<n_tokens, threads, 0, stream>>>(bindings.activations[op.out], inputs.positions,
                                                rotation);
}

std::string_view missing(const Op& op) {
  const bool is_missing = op.weight != kNoOperand || op.rotary_offset != 0 ||
                          op.rope_magnitude != 1.0F || op.yarn_mix != 0.0F;
  return is_missing ? "divisors, an offset, a magnitude or YaRN" : "";
}

}  // namespace

const CudaOp& cuda_op_rope() {
  static constexpr CudaOp kOp{.missing = missing, .launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
