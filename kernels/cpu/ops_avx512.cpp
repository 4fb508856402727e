#include "kernels/cpu/attention.inl.h"
#include "kernels/cpu/attention_latent.inl.h"
#include "kernels/cpu/hadamard.inl.h"
#include "kernels/cpu/index_scores.inl.h"
#include "kernels/cpu/layer_norm.inl.h"
#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/quantise.inl.h"
#include "kernels/cpu/rms_norm.inl.h"
#include "kernels/cpu/silu_mul.inl.h"

namespace blue::kernels::cpu {

const OpKernels& op_kernels_avx512() {
  static constexpr OpKernels kKernels{.quantise = &quantise,
                                      .rms_norm = &rms_norm,
                                      .silu_mul = &silu_mul,
                                      .attention = &attention,
                                      .attention_latent = &attention_latent,
                                      .index_scores = &index_scores,
                                      .layer_norm = &layer_norm,
                                      .hadamard = &hadamard};
  return kKernels;
}

}  // namespace blue::kernels::cpu
