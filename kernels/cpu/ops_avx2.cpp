#include "kernels/cpu/attention.inl.h"
#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/quantise.inl.h"
#include "kernels/cpu/rms_norm.inl.h"
#include "kernels/cpu/silu_mul.inl.h"

namespace blue::kernels::cpu {

const OpKernels& op_kernels_avx2() {
  static constexpr OpKernels kKernels{
      .quantise = &quantise, .rms_norm = &rms_norm, .silu_mul = &silu_mul, .attention = &attention};
  return kKernels;
}

}  // namespace blue::kernels::cpu
