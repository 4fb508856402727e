// The grid of the unequal steps for scale_fit.h: the nearest step to a number. Depends on
// scale_fit.h. For format.cpp files only (baseline instruction set). Pure functions; any thread.
#pragma once

#include <array>

#include "kernels/formats/scale_fit.h"

namespace blue::kernels::formats {

class UnequalGrid {
 public:
  static constexpr std::array<float, 2> kEnds{-127.0F, 113.0F};

  static float nearest(float x) { return kNearest[index_of(x)]; }
  /// The code of a step of the grid.
  static int code_of(float step) {
    int code = 0;
    while (kSteps[code] < step) ++code;
    return code;
  }

 private:
  /// Twice the number, to the nearest integer, distinguishes all midpoints: they are
  /// halves of integers.
  static int index_of(float x) {
    return static_cast<int>(rounded(2.0F * clamped(x, kEnds[0], kEnds[1]))) + kOffset;
  }

  static constexpr int kOffset = 2 * 127;
  static constexpr int kEntries = 2 * 127 + 2 * 113 + 1;
  static constexpr std::array<float, 16> kSteps{-127, -104, -83, -65, -49, -35, -22, -10,
                                                1,    13,   25,  38,  53,  69,  89,  113};
  static constexpr std::array<float, kEntries> kNearest = [] {
    std::array<float, kEntries> nearest{};
    int code = 0;
    for (int i = 0; i < kEntries; ++i) {
      while (code < 15 && static_cast<float>(i - kOffset) > kSteps[code] + kSteps[code + 1]) ++code;
      nearest[i] = kSteps[code];
    }
    return nearest;
  }();
};

}  // namespace blue::kernels::formats
