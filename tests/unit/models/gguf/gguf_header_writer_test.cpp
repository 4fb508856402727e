#include "models/gguf/gguf_header_writer.h"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/models/gguf_writer.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;

GgufFile parse(const std::string& bytes) {
  return GgufFile::parse(as_bytes(bytes), bytes.size(), "m.gguf").value();
}

TensorInfo tensor(const std::string& name, std::uint64_t rows, std::uint64_t cols) {
  TensorInfo info;
  info.name = name;
  info.dims = {cols, rows, 1, 1};
  info.n_dims = 2;
  return info;
}

TEST_CASE("copied keys of every type read as in the file they came from") {
  GgufWriter source;
  source.text("general.architecture", "llama").flag("yes", true).u32("u32", 7).f32("f32", 1.5F);
  source.scalar("u8", GgufType::u8, std::uint8_t{200})
      .scalar("i16", GgufType::i16, std::int16_t{-3});
  source.scalar("i64", GgufType::i64, std::int64_t{-5}).scalar("f64", GgufType::f64, 0.25);
  source.texts("names", {"a", "", "\xc3\xa9\n"}).texts("none", {});
  source.array("floats", GgufType::f32, std::vector<float>{1, 2.5F});
  std::string nested;  // an array of one array of two u8
  GgufWriter::append(nested, static_cast<std::uint32_t>(GgufType::array));
  GgufWriter::append(nested, std::uint64_t{1});
  GgufWriter::append(nested, static_cast<std::uint32_t>(GgufType::u8));
  GgufWriter::append(nested, std::uint64_t{2});
  nested += "ab";
  source.raw("nested", static_cast<std::uint32_t>(GgufType::array), nested);
  const GgufFile file = parse(source.finish());

  GgufHeaderWriter writer(32);
  for (const RawKey& key : file.raw_keys()) writer.copy_key(key);
  writer.add_u32("added", 42);
  const std::string bytes = writer.bytes();
  CHECK(writer.tensor_begin(0) == bytes.size());
  const GgufFile copy = parse(bytes);
  CHECK(copy.version() == 3);
  CHECK(copy.unsigned_value("added") == 42);
  const std::vector<RawKey> theirs = file.raw_keys();
  const std::vector<RawKey> ours = copy.raw_keys();
  REQUIRE(ours.size() == theirs.size() + 1);
  for (std::size_t i = 0; i < theirs.size(); ++i) {
    INFO(theirs[i].key);
    CHECK(ours[i].key == theirs[i].key);
    CHECK(ours[i].type == theirs[i].type);
    CHECK(std::equal(ours[i].bytes.begin(), ours[i].bytes.end(), theirs[i].bytes.begin(),
                     theirs[i].bytes.end()));
  }
}

TEST_CASE("tensors lie aligned where the header says, one behind the other") {
  for (const std::uint64_t alignment : {std::uint64_t{32}, std::uint64_t{4096}}) {
    GgufHeaderWriter writer(alignment);
    writer.add_u32("general.alignment", static_cast<std::uint32_t>(alignment));
    writer.add_tensor(tensor("a", 3, 5), kF32, 60);
    writer.add_tensor(tensor("b.weight", 1, 1), kF32, 4);
    writer.add_tensor(tensor("c", 2, 4), kF32, 32);
    std::string bytes = writer.bytes();
    CHECK(bytes.size() == writer.tensor_begin(0));
    CHECK(writer.tensor_begin(3) == writer.tensor_begin(2) + 32);
    bytes.resize(writer.tensor_begin(3));
    const GgufFile file = parse(bytes);
    REQUIRE(file.tensors().size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(file.tensors()[i].file_offset == writer.tensor_begin(i));
      CHECK(file.tensors()[i].file_offset % alignment == 0);
    }
    CHECK(file.tensors()[0].dims == std::array<std::uint64_t, 4>{5, 3, 1, 1});
    CHECK(file.tensors()[1].name == "b.weight");
    CHECK(file.tensors()[2].size == 32);
  }
}

}  // namespace
}  // namespace blue::models
