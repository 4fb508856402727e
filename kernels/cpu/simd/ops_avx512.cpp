#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/simd/attention.inl.h"
#include "kernels/cpu/simd/cache_store.inl.h"
#include "kernels/cpu/simd/hadamard.inl.h"
#include "kernels/cpu/simd/index_scores.inl.h"
#include "kernels/cpu/simd/layer_norm.inl.h"
#include "kernels/cpu/simd/quantise.inl.h"
#include "kernels/cpu/simd/rms_norm.inl.h"
#include "kernels/cpu/simd/silu_mul.inl.h"

namespace blue::kernels::cpu {

const OpKernels& op_kernels_avx512() {
  static constexpr OpKernels kKernels{.quantise = &quantise,
                                      .rms_norm = &rms_norm,
                                      .silu_mul = &silu_mul,
                                      .attention = &attention,
                                      .merge_attention = &merge_attention,
                                      .store_row = &store_row,
                                      .index_scores = &index_scores,
                                      .layer_norm = &layer_norm,
                                      .hadamard = &hadamard};
  return kKernels;
}

}  // namespace blue::kernels::cpu
