#include "models/quantize/quantizer.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "models/quantize/recoder.h"
#include "tests/support/models/gguf_writer.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using test::ScratchFolder;
using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;

std::vector<float> random_values(std::size_t n) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> values(n);
  for (float& value : values) value = normal(random);
  return values;
}

std::string text_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

/// A matrix "w" of 300 rows of 512, a vector "v" of 5, and keys that a quantiser replaces or
/// leaves.
GgufWriter source(const std::vector<float>& matrix, const std::vector<float>& vector) {
  GgufWriter writer;
  writer.alignment = 64;
  writer.text("general.architecture", "llama")
      .u32("general.alignment", 64)
      .u32("general.file_type", 0);
  writer.u32("split.count", 1).texts("tokens", {"a", "b"});
  writer.tensor("w", {512, matrix.size() / 512}, kF32, text_of(matrix));
  writer.tensor("v", {vector.size()}, kF32, text_of(vector));
  return writer;
}

Result<QuantizeFigures> quantize_as(const std::string& in, const std::string& out,
                                    std::string_view type, const QuantizeOptions& options = {}) {
  BLUE_TRY_ASSIGN(const GgufFile file, GgufFile::open(in));
  BLUE_TRY_ASSIGN(const QuantizeType wanted, require_quantize_type(type));
  BLUE_TRY_ASSIGN(const QuantizePlan plan, plan_quantize(file, wanted, {}));
  return quantize(file, plan, out, options);
}

std::string tensor_bytes(const ScratchFolder& folder, const std::string& name,
                         const TensorInfo& tensor) {
  return folder.read(name).substr(tensor.file_offset, tensor.size);
}

std::ptrdiff_t n_files(const ScratchFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

TEST_CASE("a file of a mix says which mix it is") {
  const ScratchFolder folder;
  GgufWriter writer = source(random_values(std::size_t{2} * 512), {1.0F});
  const std::string in = folder.write("in.gguf", writer.u32("llama.block_count", 1).finish());
  REQUIRE(quantize_as(in, folder.path("out.gguf"), "Q4_K_M"));
  CHECK(GgufFile::open(folder.path("out.gguf"))->unsigned_value("general.file_type") == 15U);
  CHECK(GgufFile::open(folder.path("out.gguf"))->find_tensor("w")->type == 12U);  // Q4_K
}

TEST_CASE("tensors are what the encoder makes of them, on any number of threads, and keys stay") {
  const ScratchFolder folder;
  const std::vector<float> matrix = random_values(std::size_t{300} * 512);
  const std::vector<float> vector = {1.0F, -0.0F, 3.5F, 1e-30F, 2.0F};
  const std::string in = folder.write("in.gguf", source(matrix, vector).finish());
  for (const unsigned n_threads : {1U, 3U, 64U}) {
    for (const std::string type : {"Q4_K", "Q5_0", "BF16"}) {
      INFO(type << " on " << n_threads);
      const auto figures = quantize_as(in, folder.path("out.gguf"), type, {.n_threads = n_threads});
      REQUIRE(figures);
      CHECK(figures->n_tensors == 2);
      CHECK(figures->n_values == matrix.size() + vector.size());
      const GgufFile out = GgufFile::open(folder.path("out.gguf")).value();
      const kernels::Format& format = *require_format(type).value();
      std::vector<std::byte> expected(format.row_bytes(matrix.size()));
      format.encode(matrix, expected);
      const std::string got = tensor_bytes(folder, "out.gguf", *out.find_tensor("w"));
      REQUIRE(got.size() == expected.size());
      CHECK(std::memcmp(got.data(), expected.data(), got.size()) == 0);
      CHECK(tensor_bytes(folder, "out.gguf", *out.find_tensor("v")) == text_of(vector));
      CHECK(out.alignment() == 64);
      CHECK(out.text("general.architecture") == "llama");
      CHECK(out.texts("tokens")->size() == 2);
      CHECK_FALSE(out.has("split.count"));
      CHECK(out.unsigned_value("general.file_type") == (type == "Q4_K"   ? 14U
                                                        : type == "Q5_0" ? 8U
                                                                         : 32U));
      CHECK(out.has("general.quantization_version") == (type != "BF16"));
    }
  }
  CHECK(n_files(folder) == 2);
}

TEST_CASE("a quantised file is quantised again, and to its own format byte for byte") {
  const ScratchFolder folder;
  const std::vector<float> matrix = random_values(std::size_t{4} * 512);
  const std::string in = folder.write("in.gguf", source(matrix, {1.0F}).finish());
  REQUIRE(quantize_as(in, folder.path("q8.gguf"), "Q8_0"));
  REQUIRE(quantize_as(folder.path("q8.gguf"), folder.path("again.gguf"), "Q8_0"));
  CHECK(folder.read("q8.gguf") == folder.read("again.gguf"));
  REQUIRE(quantize_as(folder.path("q8.gguf"), folder.path("f32.gguf"), "F32"));
  const GgufFile plain = GgufFile::open(folder.path("f32.gguf")).value();
  std::vector<float> decoded(matrix.size());
  const std::string bytes = tensor_bytes(folder, "f32.gguf", *plain.find_tensor("w"));
  REQUIRE(bytes.size() == matrix.size() * sizeof(float));
  std::memcpy(decoded.data(), bytes.data(), bytes.size());
  for (std::size_t i = 0; i < matrix.size(); ++i)
    REQUIRE(std::fabs(decoded[i] - matrix[i]) < 0.003F);
}

TEST_CASE("a model of two parts becomes one file, and no part of it is overwritten") {
  const ScratchFolder folder;
  const std::vector<float> first = random_values(std::size_t{2} * 512);
  const std::vector<float> second(std::size_t{4} * 512, 0.5F);
  const auto part = [](std::uint16_t number) {
    GgufWriter writer;
    if (number == 0) writer.text("general.architecture", "llama");
    writer.scalar("split.no", GgufType::u16, number)
        .scalar("split.count", GgufType::u16, std::uint16_t{2});
    writer.scalar("split.tensors.count", GgufType::i32, std::int32_t{2});
    return writer;
  };
  const std::string in = folder.write("m-00001-of-00002.gguf",
                                      part(0).tensor("a", {512, 2}, kF32, text_of(first)).finish());
  const std::string other = folder.write(
      "m-00002-of-00002.gguf", part(1).tensor("b", {512, 4}, kF32, text_of(second)).finish());
  REQUIRE(quantize_as(in, folder.path("one.gguf"), "BF16"));
  const GgufFile one = GgufFile::open(folder.path("one.gguf")).value();
  CHECK(one.text("general.architecture") == "llama");
  CHECK_FALSE(one.has("split.count"));
  const kernels::Format& format = *require_format("BF16").value();
  for (const auto& [name, values] : {std::pair("a", first), std::pair("b", second)}) {
    std::vector<std::byte> expected(format.row_bytes(values.size()));
    format.encode(values, expected);
    CHECK(as_bytes(tensor_bytes(folder, "one.gguf", *one.find_tensor(name))).size() ==
          expected.size());
    CHECK(std::memcmp(tensor_bytes(folder, "one.gguf", *one.find_tensor(name)).data(),
                      expected.data(), expected.size()) == 0);
  }
  CHECK_FALSE(quantize_as(in, other, "BF16"));
}

TEST_CASE("values that are no numbers are refused where they would be packed, and named") {
  const ScratchFolder folder;
  std::vector<float> matrix = random_values(std::size_t{300} * 512);
  matrix[100000] = std::numeric_limits<float>::infinity();
  const std::string in = folder.write("in.gguf", source(matrix, {1.0F}).finish());
  const auto refused = quantize_as(in, folder.path("out.gguf"), "Q6_K", {.n_threads = 3});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is(ModelsError::malformed));
  CHECK(refused.error().message().find("tensor \"w\", value 100000") != std::string::npos);
  CHECK(n_files(folder) == 1);
  CHECK(quantize_as(in, folder.path("out.gguf"), "BF16"));
}

TEST_CASE("the model itself is not overwritten, under none of its names") {
  const ScratchFolder folder;
  const std::string in = folder.write("in.gguf", source(random_values(512 * 2), {1.0F}).finish());
  folder.link("alias.gguf", in);
  const std::string before = folder.read("in.gguf");
  for (const std::string& out : {in, folder.path("./in.gguf"), folder.path("alias.gguf")}) {
    const auto refused = quantize_as(in, out, "Q8_0");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find(out) == 0);
  }
  CHECK(folder.read("in.gguf") == before);
}

TEST_CASE("a stop between chunks leaves no file, and progress tells how far it was") {
  const ScratchFolder folder;
  const std::string in = folder.write("in.gguf", source(random_values(512 * 2), {1.0F}).finish());
  StopFlag flag;
  std::vector<std::uint64_t> read;
  QuantizeOptions options;
  options.stop = StopToken(flag);
  options.on_progress = [&](const QuantizeProgress& progress) {
    CHECK(progress.n_tensors == 2);
    CHECK(progress.total.count == 512 * 2 * 4 + 4);
    CHECK(progress.n_tensors_done == 1);
    read.push_back(progress.read.count);
    flag.raise();
  };
  const auto stopped = quantize_as(in, folder.path("out.gguf"), "Q8_0", options);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().is(ModelsError::stopped));
  CHECK(read == std::vector<std::uint64_t>{512 * 2 * 4});
  CHECK(n_files(folder) == 1);
}

TEST_CASE("a recoder shares any number of units among any number of threads") {
  const kernels::Format& f32 = *require_format("F32").value();
  const kernels::Format& q4 = *require_format("Q4_0").value();
  for (const std::size_t n_units : {1U, 2U, 7U, 1000U}) {
    const std::vector<float> values = random_values(n_units * 32);
    std::vector<std::byte> expected(q4.row_bytes(values.size()));
    q4.encode(values, expected);
    for (const unsigned n_threads : {0U, 1U, 2U, 5U, 33U}) {
      const Recoder recoder(f32, q4, n_threads);
      CHECK(recoder.unit_values() == 32);
      std::vector<std::byte> out(expected.size());
      CHECK_FALSE(recoder.recode(bytes_of(std::span<const float>(values)), out, values.size()));
      CHECK(out == expected);
    }
  }
}

}  // namespace
}  // namespace blue::models
