#include "models/gguf/replacing_file_writer.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <iterator>
#include <string>

#include "tests/support/models/gguf_writer.h"
#include "tests/support/scratch_folder.h"

namespace blue::models {
namespace {

using test::ScratchFolder;
using testing::as_bytes;

std::ptrdiff_t n_files(const ScratchFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), {});
}

TEST_CASE("a file appears whole when it is finished, in the place of an older one") {
  const ScratchFolder folder;
  const std::string path = folder.write("m.gguf", "old");
  {
    ReplacingFileWriter writer = ReplacingFileWriter::create(path).value();
    REQUIRE(writer.write(as_bytes("new")));
    REQUIRE(writer.pad_to(1000));
    REQUIRE(writer.write(as_bytes("end")));
    CHECK(writer.size() == 1003);
    CHECK(folder.read("m.gguf") == "old");
    REQUIRE(writer.finish());
  }
  CHECK(folder.read("m.gguf") == "new" + std::string(997, '\0') + "end");
  CHECK(n_files(folder) == 1);
}

TEST_CASE("a writer that dies early leaves the older file and nothing else") {
  const ScratchFolder folder;
  const std::string path = folder.write("m.gguf", "old");
  {
    ReplacingFileWriter first = ReplacingFileWriter::create(path).value();
    REQUIRE(first.write(as_bytes("half")));
    const ReplacingFileWriter moved = std::move(first);
    CHECK(n_files(folder) == 2);
  }
  CHECK(folder.read("m.gguf") == "old");
  CHECK(n_files(folder) == 1);
}

TEST_CASE("a place that cannot be written is named") {
  const ScratchFolder folder;
  for (const std::string& path :
       {folder.path(), folder.path("absent/m.gguf"), std::string("/dev/null")}) {
    const auto writer = ReplacingFileWriter::create(path);
    REQUIRE_FALSE(writer);
    CHECK(writer.error().is(ModelsError::cannot_open));
    CHECK(writer.error().message().find(path) == 0);
  }
}

}  // namespace
}  // namespace blue::models
