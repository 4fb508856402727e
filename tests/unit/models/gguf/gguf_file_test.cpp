#include "models/gguf/gguf_file.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/models/gguf_writer.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kQ8_0 = 8;
constexpr std::uint32_t kUnknownFormat = 4711;

Result<GgufFile> parse(const std::string& bytes) {
  return GgufFile::parse(as_bytes(bytes), bytes.size(), "m.gguf");
}
Result<GgufFile> parse(const GgufWriter& writer) { return parse(writer.finish()); }

/// One key of every type.
GgufWriter every_type() {
  GgufWriter file;
  file.text("general.architecture", "llama");
  file.scalar("u8", GgufType::u8, std::uint8_t{200}).scalar("i8", GgufType::i8, std::int8_t{-7});
  file.scalar("u16", GgufType::u16, std::uint16_t{65535})
      .scalar("i16", GgufType::i16, std::int16_t{300});
  file.u32("u32", 7).scalar("i32", GgufType::i32, std::int32_t{-70000});
  file.scalar("u64", GgufType::u64, ~std::uint64_t{0})
      .scalar("i64", GgufType::i64, std::int64_t{1} << 40);
  file.f32("f32", 1.5F).scalar("f64", GgufType::f64, -0.25).flag("yes", true).flag("no", false);
  file.scalar("one", GgufType::i64, std::int64_t{1}).scalar("zero", GgufType::u8, std::uint8_t{0});
  file.texts("names", {"a", "", "\xc3\xa9\n"});
  file.array("floats", GgufType::f32, std::vector<float>{1, 2.5F});
  file.array("ints", GgufType::i16, std::vector<std::int16_t>{-1, 2});
  return file;
}

TEST_CASE("every type of key is read, and only as what it is") {
  const Result<GgufFile> file = parse(every_type());
  REQUIRE(file);
  CHECK(file->version() == 3);
  CHECK(file->alignment() == 32);
  CHECK(file->text("general.architecture") == "llama");
  CHECK(file->unsigned_value("u8") == 200);
  CHECK(file->unsigned_value("u16") == 65535);
  CHECK(file->unsigned_value("i16") == 300);
  CHECK(file->unsigned_value("u64") == ~std::uint64_t{0});
  CHECK(file->unsigned_value("i64") == std::uint64_t{1} << 40);
  CHECK_FALSE(file->unsigned_value("i8"));
  CHECK_FALSE(file->unsigned_value("f32"));
  CHECK_FALSE(file->unsigned_value("yes"));
  CHECK_FALSE(file->unsigned_value("absent"));
  CHECK(file->number("f32") == 1.5);
  CHECK(file->number("f64") == -0.25);
  CHECK(file->number("i32") == -70000.0);
  CHECK_FALSE(file->number("no"));
  CHECK(file->flag("yes") == true);
  CHECK(file->flag("no") == false);
  CHECK(file->flag("one") == true);
  CHECK(file->flag("zero") == false);
  CHECK_FALSE(file->flag("u8"));
  CHECK_FALSE(file->flag("f32"));
  CHECK_FALSE(file->text("names"));
  CHECK(file->texts("names") == std::vector<std::string_view>{"a", "", "\xc3\xa9\n"});
  CHECK(file->numbers("floats") == std::vector<float>{1, 2.5F});
  CHECK(file->numbers("ints") == std::vector<float>{-1, 2});
  CHECK(file->integers("ints") == std::vector<std::int64_t>{-1, 2});
  CHECK_FALSE(file->integers("floats"));
  CHECK_FALSE(file->integers("u32"));
}

TEST_CASE("a required key that is absent or of another type is named with its file") {
  const Result<GgufFile> file = parse(every_type());
  REQUIRE(file);
  CHECK(file->require_unsigned("u32").value() == 7);
  const Error absent = file->require_unsigned("llama.block_count").error();
  CHECK(absent.is(ModelsError::missing_key));
  CHECK(absent.message().find("m.gguf: key \"llama.block_count\" is missing") == 0);
  const Error other = file->require_text("names").error();
  CHECK(other.message().find("type array of string that is not a string") != std::string::npos);
  CHECK(file->require_tensor("head").error().is(ModelsError::missing_tensor));
}

TEST_CASE("keys and tensors stay valid when the file is moved") {
  Result<GgufFile> parsed = parse(every_type().tensor("t", {2}, kF32, std::string(8, 'x')));
  REQUIRE(parsed);
  const std::string_view text = *parsed->text("general.architecture");
  const GgufFile file = std::move(parsed).value();
  CHECK(text == "llama");
  CHECK(text.data() == file.text("general.architecture")->data());
  CHECK(file.find_tensor("t") != nullptr);
}

TEST_CASE("tensors are placed behind the header, with the size of their format") {
  GgufWriter writer;
  writer.tensor("a", {64, 2}, kQ8_0, std::string(136, 'a'))
      .tensor("b", {3}, kF32, std::string(12, 'b'));
  const std::string bytes = writer.finish();
  const Result<GgufFile> file = parse(bytes);
  REQUIRE(file);
  REQUIRE(file->tensors().size() == 2);
  const TensorInfo* a = file->find_tensor("a");
  REQUIRE(a != nullptr);
  CHECK(a->size == 136);
  CHECK(a->n_dims == 2);
  CHECK(a->dims == std::array<std::uint64_t, 4>{64, 2, 1, 1});
  CHECK(bytes.substr(a->file_offset, a->size) == std::string(136, 'a'));
  const TensorInfo* b = file->require_tensor("b").value();
  CHECK(bytes.substr(b->file_offset, b->size) == std::string(12, 'b'));
  CHECK(b->file_offset % 32 == 0);
}

TEST_CASE("a tensor of an unknown format is kept, with the room it has") {
  GgufWriter writer;
  writer.tensor("odd", {7}, kUnknownFormat, std::string(40, 'o')).tensor("next", {1}, kF32, "1234");
  const Result<GgufFile> file = parse(writer);
  REQUIRE(file);
  CHECK(file->find_tensor("odd")->type == kUnknownFormat);
  CHECK(file->find_tensor("odd")->size == 64);
}

TEST_CASE("another alignment is obeyed") {
  for (const std::uint32_t alignment : {4U, 8U, 64U, 128U, 4096U, 65536U}) {
    GgufWriter writer;
    writer.alignment = alignment;
    writer.u32("general.alignment", alignment);
    writer.tensor("a", {1}, kF32, "1234").tensor("b", {1}, kF32, "5678");
    const Result<GgufFile> file = parse(writer);
    REQUIRE(file);
    CHECK(file->alignment() == alignment);
    CHECK(file->find_tensor("a")->file_offset % alignment == 0);
    CHECK(file->find_tensor("b")->file_offset - file->find_tensor("a")->file_offset == alignment);
  }
}

TEST_CASE("version 2 reads like version 3") {
  GgufWriter writer = every_type();
  writer.version = 2;
  const Result<GgufFile> file = parse(writer);
  REQUIRE(file);
  CHECK(file->version() == 2);
  CHECK(file->unsigned_value("u32") == 7);
}

TEST_CASE("keys are described for people, in file order, on one line each") {
  const Result<GgufFile> file =
      parse(every_type().array("long", GgufType::u8, std::vector<std::uint8_t>(9, 1)));
  REQUIRE(file);
  const std::vector<KeyDescription> keys = file->describe_keys();
  REQUIRE(keys.size() == 19);
  CHECK(keys[0].key == "general.architecture");
  CHECK(keys[0].type == "string");
  CHECK(keys[0].value == "llama");
  CHECK(keys[9].value == "1.5");
  CHECK(keys[15].type == "array of string");
  CHECK(keys[15].value == "[\"a\", \"\", \"\xc3\xa9\\n\"]");
  CHECK(keys[18].value == "[1, 1, 1, 1, 1, 1, …] (9)");
}

}  // namespace
}  // namespace blue::models
