// How well the formats' encoders do: on normal values, on awkward ones, and beside another
// quantiser's blocks.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "kernels/format.h"
#include "tests/support/kernels/shared_data.h"

namespace blue::test {
namespace {

using kernels::Format;

std::vector<float> normal_values(std::size_t n, float deviation, float mean = 0.0F) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(mean, deviation);
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<float> through(const Format& format, const std::vector<float>& values) {
  std::vector<std::byte> packed(format.row_bytes(values.size()));
  std::vector<float> decoded(values.size());
  format.encode(values, packed);
  format.decode(packed, decoded);
  return decoded;
}

double root_mean_square(const std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double error_of(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

std::vector<const Format*> packed_formats() {
  std::vector<const Format*> packed;
  for (const Format* format : kernels::registered_formats()) {
    if (format->values_per_block > 1) packed.push_back(format);
  }
  return packed;
}

/// What each format.cpp promises on normal values, in percent of their deviation. A format that
/// promises nothing must still be near what its bits allow.
double promised_percent(const Format& format) {
  static const std::map<std::string_view, double> kPromised = {
      {"Q2_K", 27.5},  {"Q3_K", 15.0},  {"Q4_0", 8.5},  {"Q4_1", 7.3},  {"Q4_K", 7.5},
      {"Q5_0", 4.2},   {"Q5_1", 3.6},   {"Q5_K", 3.7},  {"Q6_K", 1.75}, {"Q8_0", 0.56},
      {"IQ4_NL", 7.8}, {"IQ4_XS", 7.8}, {"MXFP4", 11.7}};
  if (const auto found = kPromised.find(format.name); found != kPromised.end())
    return found->second;
  return 250.0 * std::exp2(-8.0 * format.bytes_per_block / format.values_per_block);
}

std::vector<float> with_outlier(std::vector<float> values, float outlier) {
  values[values.size() / 3] = outlier;
  return values;
}

/// A constant step per value from `first` on.
std::vector<float> ramp(float first, float step) {
  std::vector<float> values(256);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + step * static_cast<float>(i);
  return values;
}

}  // namespace

TEST_CASE("every packed format keeps normal values within its promise") {
  for (const Format* format : packed_formats()) {
    for (const float deviation : {0.02F, 1.0F, 300.0F}) {
      const std::vector<float> values = normal_values(32768, deviation);
      const double percent = 100.0 * error_of(through(*format, values), values) / deviation;
      INFO(format->name << ": error " << percent << " % of the deviation " << deviation);
      CHECK(percent < promised_percent(*format));
    }
  }
}

TEST_CASE("every packed format encodes no worse than another quantiser did") {
  const auto source = find_shared_data("quant/F16.f32");
  if (!source) {
    WARN("skipped: encoders against another quantiser: shared data absent");
    return;
  }
  const auto floats = [](const std::vector<std::byte>& bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  };
  // All hold the same 4,096 values of one tensor, F16 with hardly an error; but MXFP4's are others.
  const std::vector<float> values = floats(read_file(*source));
  int n_compared = 0;
  for (const Format* format : packed_formats()) {
    const auto theirs = find_shared_data("quant/" + std::string(format->name) + ".f32");
    if (!theirs || format->name == "MXFP4") continue;
    const double reference = error_of(floats(read_file(*theirs)), values);
    const double ours = error_of(through(*format, values), values);
    INFO(format->name << ": ours " << ours << ", theirs " << reference);
    CHECK(ours <= reference);
    ++n_compared;
  }
  CHECK(n_compared >= 12);
}

TEST_CASE("awkward values come back finite, and never worse than as zeros") {
  const std::map<std::string, std::vector<float>> awkward = {
      {"subnormal", normal_values(256, 1e-40F)},
      {"far below binary16", normal_values(256, 1e-20F)},
      {"about the least scale of binary16", normal_values(256, 3e-7F)},
      {"small", normal_values(256, 2e-5F)},
      {"one outlier", with_outlier(normal_values(256, 0.02F), 60.0F)},
      {"one negative outlier", with_outlier(normal_values(256, 0.02F), -60.0F)},
      {"one value alone", with_outlier(std::vector<float>(256, 0.0F), -3e-5F)},
      {"far from zero", ramp(1000.0F, 0.01F)},
      {"far below zero", ramp(-1000.0F, 0.01F)},
      {"all positive", ramp(0.5F, 0.001F)},
      {"huge", normal_values(256, 65504.0F * 127.0F / 4.0F)},
      {"huge constant", std::vector<float>(256, 65504.0F * 127.0F)},
      {"huge negative constant", std::vector<float>(256, -65504.0F * 127.0F)},
      {"a huge outlier", with_outlier(normal_values(256, 1.0F), 65504.0F * 127.0F)},
      {"zeros of both signs", with_outlier(std::vector<float>(256, 0.0F), -0.0F)},
  };
  for (const Format* format : packed_formats()) {
    for (const auto& [name, values] : awkward) {
      INFO(format->name << ", " << name);
      const std::vector<float> decoded = through(*format, values);
      for (const float value : decoded) REQUIRE(std::isfinite(value));
      CHECK(error_of(decoded, values) <= root_mean_square(values) * 1.0000001);
    }
  }
}

TEST_CASE("values far from zero keep their distance within a format's step") {
  // 1000 to 1002.55: formats with a free offset resolve the range, the others only the size.
  const std::vector<float> values = ramp(1000.0F, 0.01F);
  for (const Format* format : packed_formats()) {
    INFO(format->name);
    CHECK(error_of(through(*format, values), values) < (format->name == "MXFP4" ? 25.0 : 6.0));
  }
}

}  // namespace blue::test
