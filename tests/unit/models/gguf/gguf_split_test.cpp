// Models of several files: their names, their keys, and what is refused.
#include "models/gguf/gguf_split.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "tests/support/models/gguf_writer.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using testing::as_bytes;
using testing::GgufWriter;

constexpr std::uint32_t kF32 = 0;
constexpr std::uint32_t kParts = 3;

/// Part `index` with one tensor of its own, "t0", "t1" and so on.
GgufWriter part_of(std::uint32_t index, std::uint16_t n_parts = kParts,
                   std::int32_t n_tensors = kParts) {
  GgufWriter part;
  if (index == 0) part.text("general.architecture", "llama").text("general.name", "tale");
  part.scalar("split.no", GgufType::u16, static_cast<std::uint16_t>(index))
      .scalar("split.count", GgufType::u16, n_parts)
      .scalar("split.tensors.count", GgufType::i32, n_tensors);
  return part;
}
GgufWriter full_part(std::uint32_t index) {
  return part_of(index).tensor("t" + std::to_string(index), {8}, kF32, std::string(32, 'x'));
}

class Parts {
 public:
  Parts() {
    for (std::uint32_t i = 0; i < kParts; ++i) write(i, full_part(i));
  }
  void write(std::uint32_t index, const GgufWriter& part) {
    folder_.write(split_path("m", index + 1, kParts), part.finish());
  }
  [[nodiscard]] std::string path(std::uint32_t index) const {
    return folder_.path(split_path("m", index + 1, kParts));
  }
  [[nodiscard]] Result<GgufFile> open(std::uint32_t index = 0) const {
    return GgufFile::open(path(index));
  }

  /// Refused with one line that begins with the part's path and holds `words`.
  void expect_refusal(std::uint32_t guilty, std::string_view words) const {
    const auto file = open();
    REQUIRE_FALSE(file.ok());
    const std::string& message = file.error().message();
    INFO(message);
    CHECK(message.starts_with(path(guilty)));
    CHECK(message.find(words) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  }

 private:
  test::ScratchFolder folder_;
};

TEST_CASE("names of parts are read and written") {
  const auto name = parse_split_name("/models/a-b-00002-of-00013.gguf");
  REQUIRE(name);
  CHECK(name->prefix == "/models/a-b");
  CHECK(name->number == 2);
  CHECK(name->count == 13);
  CHECK(split_path("/models/a-b", 2, 13) == "/models/a-b-00002-of-00013.gguf");
  for (const char* other :
       {"", ".gguf", "model.gguf", "m-00001-of-00002", "m-0001-of-0002.gguf",
        "m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m00001-of-00002.gguf",
        "m-+0001-of-00002.gguf", "m-000 1-of-00002.gguf"}) {
    CHECK_FALSE(parse_split_name(other));
  }
}

TEST_CASE("any part opens all of them") {
  const Parts parts;
  for (std::uint32_t i = 0; i < kParts; ++i) {
    const auto file = parts.open(i);
    REQUIRE(file.ok());
    CHECK(file->path() == parts.path(0));
    CHECK(file->text("general.name") == "tale");
    REQUIRE(file->parts().size() == kParts);
    REQUIRE(file->tensors().size() == kParts);
    CHECK(file->find_tensor("t2")->file == 2);
    CHECK(file->parts()[2].path == parts.path(2));
    CHECK(file->file_size() ==
          file->parts()[0].size + file->parts()[1].size + file->parts()[2].size);
  }
}

TEST_CASE("a file that says part 1 of 1, or of 0, is a whole model") {
  for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{1}}) {
    const test::ScratchFolder folder;
    const auto file = GgufFile::open(folder.write("m.gguf", part_of(0, count, 0).finish()));
    REQUIRE(file.ok());
    CHECK(file->parts().size() == 1);
  }
}

TEST_CASE("a part that is missing, foreign, doubled or out of place is named") {
  Parts parts;
  SECTION("no part at all") {
    GgufWriter alone;
    parts.write(1, alone.text("general.name", "tale"));
    parts.expect_refusal(1, "no part of the split model");
  }
  SECTION("another place") {
    parts.write(1, full_part(2));
    parts.expect_refusal(1, "where part 2 of 3 belongs");
  }
  SECTION("another number of parts") {
    parts.write(2, part_of(2, 4));
    parts.expect_refusal(2, "keys say part 3 of 4");
  }
  SECTION("another model by its tensors") {
    parts.write(1, part_of(1, kParts, 9));
    parts.expect_refusal(1, "part of another model");
  }
  SECTION("another model by its name") {
    parts.write(1, full_part(1).text("general.name", "other"));
    parts.expect_refusal(1, "general.name is \"other\", not \"tale\"");
  }
  SECTION("a tensor twice") {
    parts.write(2, part_of(2).tensor("t0", {8}, kF32, std::string(32, 'x')));
    parts.expect_refusal(2, "tensor \"t0\" stands in");
  }
  SECTION("too few tensors") {
    parts.write(2, part_of(2));
    parts.expect_refusal(0, "hold 2 tensors, but split.tensors.count is 3");
  }
  SECTION("an index beyond the count") {
    parts.write(0, part_of(7));
    parts.expect_refusal(0, "\"split.no\" is 7 of split.count 3");
  }
  SECTION("keys of another type") {
    parts.write(0, GgufWriter().text("split.count", "3"));
    parts.expect_refusal(0, "split.count");
  }
}

TEST_CASE("a part under another name is told its name") {
  const test::ScratchFolder folder;
  const auto file = GgufFile::open(folder.write("model.gguf", full_part(1).finish()));
  REQUIRE_FALSE(file.ok());
  CHECK(file.error().message().find("-00002-of-00003.gguf") != std::string::npos);
}

}  // namespace
}  // namespace blue::models
