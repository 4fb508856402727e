#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "kernels/format.h"
#include "tests/support/kernels/shared_data.h"

namespace blue::test {
namespace {

using kernels::find_format;
using kernels::Format;

std::vector<float> normal_values(std::size_t n, float deviation, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
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

}  // namespace

TEST_CASE("blocks of every format decode to the reference values bit for bit") {
  for (const Format* format : kernels::registered_formats()) {
    const std::string name(format->name);
    const auto blocks_path = find_shared_data("quant/" + name + ".blocks");
    if (!blocks_path) {
      WARN("skipped: " << name << ": shared data absent");
      continue;
    }
    const std::vector<std::byte> blocks = read_file(*blocks_path);
    const std::vector<std::byte> expected =
        read_file(find_shared_data("quant/" + name + ".f32").value());
    std::vector<float> decoded(expected.size() / sizeof(float));
    REQUIRE(blocks.size() == format->row_bytes(decoded.size()));
    format->decode(blocks, decoded);
    CHECK(std::memcmp(decoded.data(), expected.data(), expected.size()) == 0);
  }
}

TEST_CASE("a Q8_0 block holds scale times quant") {
  const Format& format = *find_format("Q8_0");
  std::vector<std::byte> block(34, std::byte{0});
  block[1] = std::byte{0x38};  // 0.5 as binary16
  block[2] = std::byte{0x80};  // -128
  block[33] = std::byte{0x7f};
  std::vector<float> values(32);
  format.decode(block, values);
  CHECK(values[0] == -64.0F);
  CHECK(values[1] == 0.0F);
  CHECK(values[31] == 63.5F);
}

TEST_CASE("a Q4_K block holds its groups' scales and mins in their scattered bits") {
  const Format& format = *find_format("Q4_K");
  std::vector<std::byte> block(144, std::byte{0});
  block[1] = std::byte{0x3c};        // scale 1
  block[3] = std::byte{0x40};        // min 2
  block[4] = std::byte{0xc0 | 5};    // s of group 0 is 5; the top bits of s of group 4 are 3
  block[8] = std::byte{0x80 | 7};    // m of group 0 is 7; the top bits of m of group 4 are 2
  block[12] = std::byte{0x9a};       // group 4: s = 0x3a, m = 0x29
  block[16] = std::byte{0xf3};       // first quants of groups 0 (3) and 1 (15, whose scale is 0)
  block[16 + 64] = std::byte{0x02};  // first quant of group 4
  std::vector<float> values(256);
  format.decode(block, values);
  CHECK(values[0] == 5.0F * 3 - 2.0F * 7);
  CHECK(values[1] == -14.0F);
  CHECK(values[32] == 0.0F);
  CHECK(values[128] == 0x3a * 2.0F - 2.0F * 0x29);
}

TEST_CASE("BF16 rounds to its eight bits, ties to even, and keeps what is no number") {
  const Format& format = *find_format("BF16");
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(through(format, {1.0F, 1.0F + 0x1p-8F, 1.0F + 0x3p-8F, infinity, 0x1.fffp127F}) ==
        std::vector<float>{1.0F, 1.0F, 1.0F + 0x1p-6F, infinity, infinity});
  CHECK(std::isnan(through(format, {std::numeric_limits<float>::quiet_NaN()})[0]));
  for (const float value : normal_values(4096, 1.0F, 4)) {
    REQUIRE(std::fabs(through(format, {value})[0] - value) <= std::fabs(value) * 0x1p-8F);
  }
}

TEST_CASE("MXFP4 decodes its eight magnitudes under every exponent") {
  const Format& format = *find_format("MXFP4");
  for (int exponent = 0; exponent < 253; ++exponent) {
    std::vector<std::byte> block(17);
    block[0] = std::byte(exponent);
    for (int i = 0; i < 16; ++i) block[1 + i] = std::byte(i);
    std::vector<float> values(32);
    format.decode(block, values);
    const float magnitudes[] = {0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F};
    for (int i = 0; i < 16; ++i) {
      REQUIRE(values[i] == std::ldexp(i < 8 ? magnitudes[i] : -magnitudes[i - 8], exponent - 127));
    }
  }
}

TEST_CASE("F32 keeps every value and F16 rounds to its eleven bits") {
  const std::vector<float> values = normal_values(4096, 1.0F, 1);
  CHECK(through(*find_format("F32"), values) == values);
  const std::vector<float> halves = through(*find_format("F16"), values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    REQUIRE(std::fabs(halves[i] - values[i]) <=
            std::max(std::fabs(values[i]) * 0x1p-11F, 0x1p-25F));
  }
}

TEST_CASE("Q8_0 errs by at most half a step, a little more at the end of its range") {
  const std::vector<float> values = normal_values(8192, 0.3F, 2);
  const std::vector<float> decoded = through(*find_format("Q8_0"), values);
  for (std::size_t block = 0; block < values.size(); block += 32) {
    float largest = 0.0F;
    for (std::size_t i = block; i < block + 32; ++i)
      largest = std::max(largest, std::fabs(values[i]));
    const float step = largest / 127.0F;
    for (std::size_t i = block; i < block + 32; ++i)
      REQUIRE(std::fabs(decoded[i] - values[i]) <= 0.5F * step * 1.13F);
  }
}

TEST_CASE("values that every packed format can hold come back exactly") {
  for (const Format* format : kernels::registered_formats()) {
    INFO(format->name);
    const std::size_t n = format->values_per_block * std::size_t{3};
    CHECK(through(*format, std::vector<float>(n, 0.0F)) == std::vector<float>(n, 0.0F));
  }
}

TEST_CASE("a constant of either sign and a single outlier survive every format") {
  for (const Format* format : kernels::registered_formats()) {
    INFO(format->name);
    const std::size_t n = format->values_per_block;
    for (const float constant : {0.75F, -0.75F}) {
      for (const float value : through(*format, std::vector<float>(n, constant))) {
        CHECK(std::fabs(value - constant) < 0.01F);
      }
    }
    std::vector<float> spiked(n, 0.0F);
    spiked[n / 2] = 1000.0F;
    // MXFP4 has no finer steps than that up there: 768, 1024.
    const float bound = format->name == "MXFP4" ? 32.0F : 5.0F;
    CHECK(std::fabs(through(*format, spiked)[n / 2] - 1000.0F) < bound);
  }
}

TEST_CASE("formats are found by name and by GGUF number, and each has its own") {
  std::set<std::uint32_t> types;
  for (const Format* format : kernels::registered_formats()) {
    CHECK(find_format(format->name) == format);
    CHECK(find_format(format->gguf_type) == format);
    types.insert(format->gguf_type);
  }
  CHECK(types.size() == kernels::registered_formats().size());
  const std::map<std::string, std::uint32_t> numbers = {
      {"F32", 0},     {"F16", 1},     {"Q4_0", 2},  {"Q4_1", 3},  {"Q5_0", 6},  {"Q5_1", 7},
      {"Q8_0", 8},    {"Q2_K", 10},   {"Q3_K", 11}, {"Q4_K", 12}, {"Q5_K", 13}, {"Q6_K", 14},
      {"IQ4_NL", 20}, {"IQ4_XS", 23}, {"BF16", 30}, {"MXFP4", 39}};
  for (const auto& [name, number] : numbers) {
    INFO(name);
    REQUIRE(find_format(name) != nullptr);
    CHECK(find_format(name)->gguf_type == number);
  }
  CHECK(find_format("Q9_9") == nullptr);
  CHECK(find_format(4711U) == nullptr);
}

}  // namespace blue::test
