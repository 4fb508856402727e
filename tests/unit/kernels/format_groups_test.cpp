// Traits::unpack_group, by which integer kernels read a packed format, against Traits::decode.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/format.h"
#include "kernels/formats/iq4_nl/quant_block.h"
#include "kernels/formats/iq4_xs/quant_block.h"
#include "kernels/formats/mxfp4/quant_block.h"
#include "kernels/formats/q2_k/quant_block.h"
#include "kernels/formats/q3_k/quant_block.h"
#include "kernels/formats/q4_0/quant_block.h"
#include "kernels/formats/q4_1/quant_block.h"
#include "kernels/formats/q4_k/quant_block.h"
#include "kernels/formats/q5_0/quant_block.h"
#include "kernels/formats/q5_1/quant_block.h"
#include "kernels/formats/q5_k/quant_block.h"
#include "kernels/formats/q6_k/quant_block.h"
#include "kernels/formats/q8_0/quant_block.h"

namespace blue::test {
namespace {

namespace formats = kernels::formats;

template <class Traits>
void check_group(const typename Traits::QuantBlock& block, int group) {
  std::int8_t quants[Traits::kGroup];
  float scale = std::nanf("");
  float min = std::nanf("");
  Traits::unpack_group(block, group, quants, scale, min);
  for (int i = 0; i < Traits::kGroup; ++i) {
    const float value = Traits::value(block, group * Traits::kGroup + i);
    if (!std::isfinite(value)) continue;  // random bytes made a scale that is no number
    const double exact = static_cast<double>(scale) * quants[i] - min;
    const double magnitude = std::fabs(static_cast<double>(scale) * quants[i]) + std::fabs(min);
    REQUIRE(std::fabs(exact - value) <= magnitude * 0x1p-23);
  }
}

/// A file may hold any bit pattern, so blocks are random bytes: all fields are exercised,
/// however an encoder fills them.
template <class Traits>
void check_format() {
  const std::string name = Traits::kName;
  INFO(name);
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    typename Traits::QuantBlock block;
    unsigned char bytes[sizeof block];
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random());
    std::memcpy(&block, bytes, sizeof block);
    for (int group = 0; group < Traits::kValues / Traits::kGroup; ++group)
      check_group<Traits>(block, group);
    float decoded[Traits::kValues];
    Traits::decode(block, decoded);
    for (int i = 0; i < Traits::kValues; ++i) {
      const float value = Traits::value(block, i);
      REQUIRE((std::memcmp(&value, &decoded[i], sizeof value) == 0 || std::isnan(value)));
    }
  }
}

/// Returns how many there are.
template <class... Traits>
int check_formats() {
  (check_format<Traits>(), ...);
  return sizeof...(Traits);
}

}  // namespace

TEST_CASE("groups unpack to the values that blocks decode to") {
  const int n_checked =
      check_formats<formats::iq4_nl::Traits, formats::iq4_xs::Traits, formats::mxfp4::Traits,
                    formats::q2_k::Traits, formats::q3_k::Traits, formats::q4_0::Traits,
                    formats::q4_1::Traits, formats::q4_k::Traits, formats::q5_0::Traits,
                    formats::q5_1::Traits, formats::q5_k::Traits, formats::q6_k::Traits,
                    formats::q8_0::Traits>();
  int n_packed = 0;
  for (const kernels::Format* format : kernels::registered_formats())
    n_packed += format->values_per_block > 1 ? 1 : 0;
  CHECK(n_checked == n_packed);  // a format that is added is added to the list above
}

}  // namespace blue::test
