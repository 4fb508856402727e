#include "kernels/portable.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

using blue::kernels::bits_from_float;
using blue::kernels::float_from_bits;
using blue::kernels::float_to_half;
using blue::kernels::half_to_float;

TEST_CASE("every half that is a number survives the way to float and back") {
  int n_lost = 0;
  for (std::uint32_t half = 0; half < 0x10000U; ++half) {
    const float value = half_to_float(static_cast<std::uint16_t>(half));
    if (!std::isnan(value) && float_to_half(value) != half) ++n_lost;
    if (std::isnan(value) != ((half & 0x7fffU) > 0x7c00U)) ++n_lost;
  }
  CHECK(n_lost == 0);
}

TEST_CASE("halves have their definition's values") {
  CHECK(half_to_float(0x3c00) == 1.0F);
  CHECK(half_to_float(0xc000) == -2.0F);
  CHECK(half_to_float(0x7bff) == 65504.0F);
  CHECK(half_to_float(0x0001) == 0x1p-24F);
  CHECK(half_to_float(0x83ff) == -1023 * 0x1p-24F);
  CHECK(half_to_float(0x0400) == 0x1p-14F);
  CHECK(std::isinf(half_to_float(0xfc00)));
  CHECK(std::signbit(half_to_float(0x8000)));
}

TEST_CASE("a float between two halves rounds to the nearer, a tie to the even one") {
  int n_wrong = 0;
  for (std::uint32_t half = 0; half < 0x7bffU; ++half) {
    const float low = half_to_float(static_cast<std::uint16_t>(half));
    const float high = half_to_float(static_cast<std::uint16_t>(half + 1));
    const float middle = low + (high - low) / 2;  // exact: one more bit than a half has
    const std::uint32_t even = half % 2 == 0 ? half : half + 1;
    if (float_to_half(middle) != even) ++n_wrong;
    if (float_to_half(float_from_bits(bits_from_float(middle) - 1)) != half) ++n_wrong;
    if (float_to_half(float_from_bits(bits_from_float(middle) + 1)) != half + 1) ++n_wrong;
    if (float_to_half(-middle) != (even | 0x8000U)) ++n_wrong;
  }
  CHECK(n_wrong == 0);
}

TEST_CASE("floats beyond the halves become infinity, and a NaN stays one") {
  CHECK(float_to_half(65519.996F) == 0x7bff);
  CHECK(float_to_half(65520.0F) == 0x7c00);
  CHECK(float_to_half(-1e30F) == 0xfc00);
  CHECK(float_to_half(INFINITY) == 0x7c00);
  CHECK((float_to_half(NAN) & 0x7fff) > 0x7c00);
}
