#include "hal/cpu_features.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>
#include <string>

namespace blue::hal {
namespace {

constexpr std::uint32_t bit(unsigned n) { return std::uint32_t{1} << n; }

/// All the instructions there are, with the operating system saving `xcr0`.
CpuidWords everything(std::uint64_t xcr0) {
  CpuidWords words;
  words.leaf1_ecx = bit(12) | bit(27) | bit(28) | bit(29);
  words.leaf7_ebx = bit(5) | bit(16) | bit(17) | bit(30) | bit(31);
  words.leaf7_ecx = bit(11);
  words.leaf7_edx = bit(22) | bit(24) | bit(25);
  words.leaf7_1_eax = bit(4) | bit(5);
  words.xcr0 = xcr0;
  return words;
}

bool is_flag_in_cpuinfo(const std::string& flag) {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("flags")) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;)
      if (word == flag) return true;
    return false;
  }
  return false;
}

}  // namespace

TEST_CASE("a processor with everything under a kernel that saves everything has every feature") {
  const CpuFeatures features = decode_cpu_features(everything(0x602e7));
  CHECK(features.supports_avx512_kernels());
  CHECK(features.has_avx512_vnni);
  CHECK(features.has_avx512_bf16);
  CHECK(features.has_avx_vnni);
  CHECK(features.has_amx_tile);
  CHECK(features.has_amx_int8);
  CHECK(features.has_amx_bf16);
  CHECK_FALSE(features.is_virtual);
  CHECK(to_text(features) ==
        "AVX2 FMA F16C AVX-512(F BW VL DQ VNNI BF16) AVX-VNNI AMX(TILE INT8 BF16)");
}

TEST_CASE("registers that the kernel does not save take their features away") {
  const CpuFeatures without_amx = decode_cpu_features(everything(0xe7));
  CHECK(without_amx.supports_avx512_kernels());
  CHECK_FALSE(without_amx.has_amx_tile);
  const CpuFeatures without_512 = decode_cpu_features(everything(0x7));
  CHECK(without_512.supports_avx2_kernels());
  CHECK_FALSE(without_512.has_avx512f);
  CHECK_FALSE(without_512.has_avx512_bf16);
  CHECK_FALSE(decode_cpu_features(everything(0x3)).has_avx2);
}

TEST_CASE("without OSXSAVE nothing wide may be used, whatever XCR0 is taken to be") {
  CpuidWords words = everything(0x602e7);
  words.leaf1_ecx &= ~bit(27);
  CHECK(to_text(decode_cpu_features(words)) == "none beyond the x86-64 baseline");
}

TEST_CASE("the hypervisor bit makes the machine virtual") {
  CpuidWords words;
  words.leaf1_ecx = bit(31);
  CHECK(decode_cpu_features(words).is_virtual);
}

TEST_CASE("detection agrees with what the kernel lists in cpuinfo") {
  const CpuFeatures features = detect_cpu_features();
  CHECK(features.has_avx2 == is_flag_in_cpuinfo("avx2"));
  CHECK(features.has_fma == is_flag_in_cpuinfo("fma"));
  CHECK(features.has_f16c == is_flag_in_cpuinfo("f16c"));
  CHECK(features.has_avx512f == is_flag_in_cpuinfo("avx512f"));
  CHECK(features.has_avx512bw == is_flag_in_cpuinfo("avx512bw"));
  CHECK(features.has_avx512vl == is_flag_in_cpuinfo("avx512vl"));
  CHECK(features.has_avx512dq == is_flag_in_cpuinfo("avx512dq"));
  CHECK(features.has_avx512_vnni == is_flag_in_cpuinfo("avx512_vnni"));
  CHECK(features.has_avx512_bf16 == is_flag_in_cpuinfo("avx512_bf16"));
  CHECK(features.has_avx_vnni == is_flag_in_cpuinfo("avx_vnni"));
  CHECK(features.has_amx_tile == is_flag_in_cpuinfo("amx_tile"));
  CHECK(features.is_virtual == is_flag_in_cpuinfo("hypervisor"));
}

}  // namespace blue::hal
