#include "hal/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace blue::hal {
namespace {

constexpr bool has_bit(std::uint64_t word, unsigned bit) { return (word >> bit & 1) != 0; }

// State components of XCR0 that must all be enabled before the registers survive a context switch.
constexpr std::uint64_t kXcr0Avx = 0x6;      // SSE, AVX
constexpr std::uint64_t kXcr0Avx512 = 0xe6;  // and opmask, ZMM_Hi256, Hi16_ZMM
constexpr std::uint64_t kXcr0Amx = 0x60000;  // XTILECFG, XTILEDATA

constexpr unsigned kOsxsaveBit = 27;

#if defined(__x86_64__)
std::uint64_t read_xcr0() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}
#endif

}  // namespace

CpuFeatures decode_cpu_features(const CpuidWords& words) {
  CpuFeatures out;
  out.is_virtual = has_bit(words.leaf1_ecx, 31);
  const std::uint64_t xcr0 = has_bit(words.leaf1_ecx, kOsxsaveBit) ? words.xcr0 : 0;
  if ((xcr0 & kXcr0Avx) == kXcr0Avx && has_bit(words.leaf1_ecx, 28)) {
    out.has_avx2 = has_bit(words.leaf7_ebx, 5);
    out.has_fma = has_bit(words.leaf1_ecx, 12);
    out.has_f16c = has_bit(words.leaf1_ecx, 29);
    out.has_avx_vnni = has_bit(words.leaf7_1_eax, 4);
  }
  if ((xcr0 & kXcr0Avx512) == kXcr0Avx512 && has_bit(words.leaf7_ebx, 16)) {
    out.has_avx512f = true;
    out.has_avx512dq = has_bit(words.leaf7_ebx, 17);
    out.has_avx512bw = has_bit(words.leaf7_ebx, 30);
    out.has_avx512vl = has_bit(words.leaf7_ebx, 31);
    out.has_avx512_vnni = has_bit(words.leaf7_ecx, 11);
    out.has_avx512_bf16 = has_bit(words.leaf7_1_eax, 5);
  }
  if ((xcr0 & kXcr0Amx) == kXcr0Amx && has_bit(words.leaf7_edx, 24)) {
    out.has_amx_tile = true;
    out.has_amx_int8 = has_bit(words.leaf7_edx, 25);
    out.has_amx_bf16 = has_bit(words.leaf7_edx, 22);
  }
  return out;
}

CpuFeatures detect_cpu_features() {
  CpuidWords words;
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) words.leaf1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
    const unsigned n_subleaves = a;
    words.leaf7_ebx = b;
    words.leaf7_ecx = c;
    words.leaf7_edx = d;
    if (n_subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) words.leaf7_1_eax = a;
  }
  if (has_bit(words.leaf1_ecx, kOsxsaveBit)) words.xcr0 = read_xcr0();
#endif
  return decode_cpu_features(words);
}

std::string to_text(const CpuFeatures& features) {
  std::string text;
  const auto say = [&text](bool is_there, const char* name) {
    if (!is_there) return;
    if (!text.empty() && text.back() != '(') text += ' ';
    text += name;
  };
  say(features.has_avx2, "AVX2");
  say(features.has_fma, "FMA");
  say(features.has_f16c, "F16C");
  if (features.has_avx512f) {
    say(true, "AVX-512(F");
    say(features.has_avx512bw, "BW");
    say(features.has_avx512vl, "VL");
    say(features.has_avx512dq, "DQ");
    say(features.has_avx512_vnni, "VNNI");
    say(features.has_avx512_bf16, "BF16");
    text += ')';
  }
  say(features.has_avx_vnni, "AVX-VNNI");
  if (features.has_amx_tile) {
    say(true, "AMX(TILE");
    say(features.has_amx_int8, "INT8");
    say(features.has_amx_bf16, "BF16");
    text += ')';
  }
  return text.empty() ? "none beyond the x86-64 baseline" : text;
}

}  // namespace blue::hal
