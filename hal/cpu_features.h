// What the processor can execute and the operating system saves across switches: both are needed
// before a kernel may use it. Depends on the standard library alone. Value types; any thread.
// Detection takes microseconds.
#pragma once

#include <cstdint>
#include <string>

namespace blue::hal {

/// The instruction sets that kernels choose between. Each is true only if the processor has it and
/// the operating system enabled its registers.
struct CpuFeatures {
  bool has_avx2 = false;
  bool has_fma = false;
  bool has_f16c = false;
  bool has_avx512f = false;
  bool has_avx512bw = false;
  bool has_avx512vl = false;
  bool has_avx512dq = false;
  bool has_avx512_vnni = false;
  bool has_avx512_bf16 = false;
  bool has_avx_vnni = false;
  /// Linux requires arch_prctl(ARCH_REQ_XCOMP_PERM) once per process before the first tile is
  /// touched; the kernels call it; this field means that it can be granted.
  bool has_amx_tile = false;
  bool has_amx_int8 = false;
  bool has_amx_bf16 = false;
  /// Runs under a hypervisor: PCIe and NUMA may be virtual.
  bool is_virtual = false;

  /// AVX2 with FMA and F16C: what the AVX2 kernels are compiled for.
  [[nodiscard]] bool supports_avx2_kernels() const { return has_avx2 && has_fma && has_f16c; }
  /// AVX-512 F, BW, VL and DQ: what the AVX-512 kernels are compiled for (VNNI and BF16 are asked
  /// separately).
  [[nodiscard]] bool supports_avx512_kernels() const {
    return supports_avx2_kernels() && has_avx512f && has_avx512bw && has_avx512vl && has_avx512dq;
  }
};

/// "AVX2 FMA F16C AVX-512(F BW VL DQ VNNI BF16) AVX-VNNI", or "none beyond the x86-64 baseline".
std::string to_text(const CpuFeatures& features);

/// The words of cpuid and XCR0 that features are decoded from; zeros where the processor has no
/// such leaf.
struct CpuidWords {
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint32_t leaf7_ecx = 0;
  std::uint32_t leaf7_edx = 0;
  std::uint32_t leaf7_1_eax = 0;
  std::uint64_t xcr0 = 0;
};

/// Pure: the meaning of the words (Intel SDM volume 2, CPUID; volume 1, 13.3 for XCR0).
CpuFeatures decode_cpu_features(const CpuidWords& words);

/// This processor. All false where it is not an x86-64.
CpuFeatures detect_cpu_features();

}  // namespace blue::hal
