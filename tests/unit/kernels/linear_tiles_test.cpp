// The layout of panels and tokens for AMX tiles, on a scalar model of these, against the same
// product in AVX-512's vectors; and on the processor's own tiles where it has them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cpu/format_table.h"
#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/q8_rows.h"
#include "kernels/format.h"
#include "tests/support/kernels/tile_model.h"

namespace blue::test {
namespace {

using kernels::cpu::Isa;
using kernels::cpu::LinearPart;

bool has(Isa isa) {
  const std::vector<Isa> isas = kernels::cpu::available_isas();
  return std::find(isas.begin(), isas.end(), isa) != isas.end();
}

const kernels::Format& format_of(std::string_view folder) {
  for (const kernels::Format* format : kernels::registered_formats()) {
    std::string name(format->name);
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    if (name == folder) return *format;
  }
  FAIL("no format has the folder " << folder);
  return *kernels::registered_formats().front();
}

struct Product {
  Product(std::string_view folder, std::uint32_t n_rows, std::uint32_t n_cols,
          std::uint32_t n_tokens)
      : rows(n_rows), cols(n_cols), tokens(n_tokens) {
    const kernels::Format& format = format_of(folder);
    std::mt19937 random(n_rows * 31 + n_cols + n_tokens);
    std::normal_distribution<float> normal(0.0F, 1.0F);
    std::vector<float> values(std::size_t{rows} * cols);
    for (float& value : values) value = normal(random);
    weight.resize(format.row_bytes(cols) * rows);
    format.encode(values, weight);
    std::vector<float> in(std::size_t{tokens} * cols);
    for (float& value : in) value = normal(random);
    bytes.resize(kernels::cpu::q8_row_stride(cols) * tokens);
    kernels::cpu::op_kernels_avx512().quantise(in.data(), bytes.data(), 0, tokens, cols);
    for (std::uint32_t t = 0; t < tokens; ++t) row_of.push_back((t * 7 + 3) % tokens);
    row_bytes = format.row_bytes(cols);
  }

  std::vector<float> by(void (*linear_q8)(const LinearPart&), const std::uint32_t* order) {
    std::vector<float> out(std::size_t{tokens} * rows, 1e30F);
    linear_q8({.weight = weight.data(),
               .row_bytes = row_bytes,
               .first_row = 0,
               .end_row = rows,
               .out = out.data(),
               .cols = cols,
               .out_width = rows,
               .n_tokens = tokens,
               .bytes = bytes.data(),
               .row_of = order});
    return out;
  }

  std::uint32_t rows, cols, tokens;
  std::uint64_t row_bytes = 0;
  std::vector<std::byte> weight;
  std::vector<std::byte> bytes;
  std::vector<std::uint32_t> row_of;
};

/// Both have exact integers within a group and sum the groups in float32, in another order.
void check_against_vectors(std::string_view folder, void (*linear_q8)(const LinearPart&)) {
  const auto vectors = kernels::cpu::format_kernels_avx512(folder)->linear_q8;
  struct Shape {
    std::uint32_t rows, cols, tokens;
  };
  // Rows and tokens beside and at multiples of a tile's 16; columns beside and at multiples of a
  // panel's 512.
  for (const Shape& shape : {Shape{32, 512, 16}, Shape{1, 256, 7}, Shape{33, 1280, 17},
                             Shape{47, 1024, 15}, Shape{70, 768, 48}}) {
    Product product(folder, shape.rows, shape.cols, shape.tokens);
    for (const std::uint32_t* order : {static_cast<const std::uint32_t*>(nullptr),
                                       static_cast<const std::uint32_t*>(product.row_of.data())}) {
      INFO(folder << ", " << shape.rows << " x " << shape.cols << ", " << shape.tokens << " tokens"
                  << (order == nullptr ? "" : ", in another order"));
      const std::vector<float> expected = product.by(vectors, order);
      const std::vector<float> found = product.by(linear_q8, order);
      float error = 0.0F;
      for (std::size_t i = 0; i < found.size(); ++i)
        error = std::max(error, std::abs(found[i] - expected[i]));
      CHECK(error <= 2e-6F * static_cast<float>(shape.cols));
    }
  }
}

}  // namespace

TEST_CASE("panels and tokens have the layout of tiles, on a model of the tiles") {
  if (!has(Isa::avx512)) {
    WARN("skipped: this processor lacks avx512, with which the panels are made");
    return;
  }
  for (int i = 0; i < kModelledFormats; ++i) {
    const ModelledFormat& format = modelled_format(i);
    check_against_vectors(format.folder, format.linear_q8);
    CHECK(n_misused_tiles() == 0);
  }
}

TEST_CASE("the processor's tiles give what vectors give") {
  if (!has(Isa::amx)) {
    WARN("skipped: this processor lacks amx, or the system does not grant it");
    return;
  }
  for (const kernels::Format* format : kernels::registered_formats()) {
    std::string folder(format->name);
    for (char& c : folder) c = static_cast<char>(std::tolower(c));
    const auto* kernels = kernels::cpu::format_kernels_amx(folder);
    REQUIRE(kernels != nullptr);
    if (kernels->linear_q8 != nullptr) check_against_vectors(folder, kernels->linear_q8);
  }
}

}  // namespace blue::test
