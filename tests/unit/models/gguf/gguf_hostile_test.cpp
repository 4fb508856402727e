#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/gguf/gguf_file.h"
#include "tests/support/models/gguf_writer.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kQ8_0 = 8;

Result<GgufFile> parse(const std::string& bytes) {
  return GgufFile::parse(as_bytes(bytes), bytes.size(), "m.gguf");
}

/// The error of reading `bytes`; the message is one line that names the file.
Error error_of(const std::string& bytes) {
  const Result<GgufFile> file = parse(bytes);
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().message().substr(0, 6) == "m.gguf");
  CHECK(file.error().message().find('\n') == std::string::npos);
  return file.error();
}
Error error_of(const GgufWriter& writer) { return error_of(writer.finish()); }

bool says(const Error& error, std::string_view part) {
  return error.message().find(part) != std::string::npos;
}

std::string number(std::uint64_t value) {
  std::string out;
  GgufWriter::append(out, value);
  return out;
}
std::string number32(std::uint32_t value) {
  std::string out;
  GgufWriter::append(out, value);
  return out;
}

GgufWriter small_model() {
  GgufWriter file;
  file.text("general.architecture", "llama")
      .u32("llama.block_count", 2)
      .texts("names", {"one", "two"});
  return file.tensor("first", {4, 2}, kF32, std::string(32, '1'))
      .tensor("second", {32}, kQ8_0, std::string(34, '2'));
}

/// A file of its own that goes when the test ends.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& bytes)
      : path_(std::filesystem::temp_directory_path() /
              ("blue_gguf_" + std::to_string(::getpid()) + ".gguf")) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST_CASE("what is no GGUF file of ours is refused for what it is") {
  CHECK(says(error_of(std::string()), "the file is empty"));
  CHECK(error_of("PK\x03\x04 something else").is(ModelsError::bad_magic));
  GgufWriter writer = small_model();
  for (const std::uint32_t version : {0U, 1U, 4U}) {
    writer.version = version;
    CHECK(error_of(writer).is(ModelsError::unsupported_version));
  }
  writer.version = 0x03000000;
  CHECK(says(error_of(writer), "big-endian"));
}

TEST_CASE("a file cut at any byte is refused, and nothing is read beyond it") {
  const std::string whole = small_model().finish();
  REQUIRE(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO("cut to " << size << " of " << whole.size());
    // A copy of its own, so that a sanitizer sees a read behind its end.
    const std::vector<std::byte> cut(as_bytes(whole).begin(),
                                     as_bytes(whole).begin() + static_cast<std::ptrdiff_t>(size));
    const Result<GgufFile> file = GgufFile::parse(cut, size, "m.gguf");
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().is(ModelsError::truncated));
  }
}

TEST_CASE("a file cut inside its tensor data names the tensor and the missing bytes") {
  const std::string whole = small_model().finish();
  const Error error = error_of(whole.substr(0, whole.size() - 1));
  CHECK(error.is(ModelsError::truncated));
  CHECK(says(error, "tensor \"second\" needs bytes"));
  CHECK(says(error, "ends at " + std::to_string(whole.size() - 1)));
}

TEST_CASE("counts that the file cannot hold are refused before anything is allocated") {
  GgufWriter writer = small_model();
  writer.more_keys = std::int64_t{1} << 40;
  CHECK(error_of(writer).is(ModelsError::truncated));
  writer.more_keys = -4;  // 2^64 - 1 keys
  CHECK(error_of(writer).is(ModelsError::truncated));
  writer.more_keys = 0;
  writer.more_tensors = std::int64_t{1} << 60;
  CHECK(error_of(writer).is(ModelsError::truncated));
  const auto array = static_cast<std::uint32_t>(GgufType::array);
  for (const std::uint32_t element : {0U, 5U, 8U, 9U, 12U}) {
    CHECK(error_of(GgufWriter().raw("k", array, number32(element) + number(std::uint64_t{1} << 62)))
              .is(ModelsError::truncated));
  }
  const auto string = static_cast<std::uint32_t>(GgufType::string);
  CHECK(error_of(GgufWriter().raw("k", string, number(~std::uint64_t{0}) + "abc"))
            .is(ModelsError::truncated));
}

TEST_CASE("an error in a key names the key before it") {
  const Error error = error_of(small_model().raw("bad", 13, "x"));
  CHECK(error.is(ModelsError::malformed));
  CHECK(says(error, "behind key \"names\""));
  CHECK(says(error, "type is 13"));
}

TEST_CASE("arrays of arrays are read to a depth, and no deeper") {
  const auto array = static_cast<std::uint32_t>(GgufType::array);
  const auto nested = [&](int depth) {
    std::string payload;
    for (int i = 1; i < depth; ++i) payload += number32(array) + number(1);
    return payload + number32(static_cast<std::uint32_t>(GgufType::u8)) + number(2) + "ab";
  };
  const Result<GgufFile> file =
      parse(GgufWriter().raw("deep", array, nested(4)).u32("behind", 5).finish());
  REQUIRE(file);
  CHECK(file->unsigned_value("behind") == 5);
  CHECK_FALSE(file->integers("deep"));
  CHECK(says(error_of(GgufWriter().raw("deep", array, nested(5))), "nested deeper"));
  CHECK(says(error_of(GgufWriter().raw("deep", array, nested(100000))), "nested deeper"));
}

TEST_CASE("two keys or two tensors of one name are refused") {
  CHECK(says(error_of(small_model().u32("names", 1)), "key \"names\" stands in the file twice"));
  CHECK(says(error_of(small_model().tensor("first", {1}, kF32, "1234")),
             "tensor \"first\" stands in the file twice"));
}

TEST_CASE("an alignment that is no power of two is refused") {
  for (const std::uint32_t alignment : {0U, 3U, 33U, 0xffffffffU}) {
    CHECK(error_of(GgufWriter().u32("general.alignment", alignment)).is(ModelsError::malformed));
  }
  CHECK(error_of(GgufWriter().text("general.alignment", "32")).is(ModelsError::malformed));
  CHECK(error_of(small_model().tensor_at("askew", {1}, kF32, 72)).is(ModelsError::malformed));
}

TEST_CASE("dims that overflow, are zero or too many are refused") {
  const std::uint64_t huge = std::uint64_t{1} << 32;
  CHECK(error_of(GgufWriter().tensor("t", {huge, huge}, kF32, "1234")).is(ModelsError::bad_shape));
  CHECK(error_of(GgufWriter().tensor("t", {~std::uint64_t{0}}, kF32, "1234"))
            .is(ModelsError::bad_shape));
  CHECK(error_of(GgufWriter().tensor("t", {4, 0}, kF32, "1234")).is(ModelsError::bad_shape));
  CHECK(
      error_of(GgufWriter().tensor("t", {1, 1, 1, 1, 1}, kF32, "1234")).is(ModelsError::bad_shape));
  CHECK(says(error_of(GgufWriter().tensor("t", {33}, kQ8_0, std::string(68, 'x'))),
             "no multiple of the 32"));
}

TEST_CASE("tensor data that overlaps or lies outside is refused") {
  CHECK(says(
      error_of(
          GgufWriter().tensor("a", {16}, kF32, std::string(64, 'a')).tensor_at("b", {1}, kF32, 32)),
      "tensor \"a\" overlaps tensor \"b\""));
  CHECK(says(
      error_of(
          GgufWriter().tensor("a", {16}, kF32, std::string(64, 'a')).tensor_at("b", {1}, kF32, 0)),
      "overlaps"));
  CHECK(error_of(small_model().tensor_at("far", {1}, kF32, ~std::uint64_t{0} - 31))
            .is(ModelsError::truncated));
  CHECK(error_of(small_model().tensor_at("long", {1 << 20}, kF32, 96)).is(ModelsError::truncated));
}

TEST_CASE("a header that control characters stand in gives a printable message") {
  const Error error = error_of(GgufWriter().u32("evil\x1b[2J\n", 1).u32("evil\x1b[2J\n", 2));
  CHECK(error.message().find('\x1b') == std::string::npos);
}

TEST_CASE("a header longer than the first step is read in steps") {
  GgufWriter writer;
  writer.texts("many", std::vector<std::string>(60'000, "a token of twenty by")).u32("last", 9);
  writer.tensor("t", {1}, kF32, "1234");
  const ScratchFile scratch(writer.finish());
  const Result<GgufFile> file = GgufFile::open(scratch.path());
  REQUIRE(file);
  CHECK(file->path() == scratch.path());
  CHECK(file->unsigned_value("last") == 9);
  CHECK(file->texts("many")->size() == 60'000);
  CHECK(file->file_size() == std::filesystem::file_size(scratch.path()));
}

TEST_CASE("a path that holds no file is refused by name") {
  const Error absent = GgufFile::open("/nowhere/at/all.gguf").error();
  CHECK(absent.is(ModelsError::cannot_open));
  CHECK(says(absent, "/nowhere/at/all.gguf: No such file"));
  const std::string folder = std::filesystem::temp_directory_path().string();
  const Error directory = GgufFile::open(folder).error();
  CHECK(says(directory, folder + ": a directory, not a model"));
  CHECK(directory.kind() == ErrorKind::bad_input);
  const ScratchFile empty("");
  CHECK(says(GgufFile::open(empty.path()).error(), "the file is empty"));
  CHECK(GgufFile::open("/dev/null").error().is(ModelsError::cannot_open));
}

}  // namespace
}  // namespace blue::models
