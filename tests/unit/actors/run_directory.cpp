#include "actors/cascade/run_directory.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/scratch_folder.h"

namespace blue::actors {
namespace {

TEST_CASE("runs get ids of their own, are listed and found again") {
  const test::ScratchFolder scratch;
  const auto root = std::filesystem::path(scratch.path("deep")) / "runs";
  const RunPlace first = create_run(root).value();
  const RunPlace second = create_run(root).value();
  CHECK(first.id != second.id);
  CHECK(list_runs(root).empty());  // a folder without a log is no run
  std::ofstream(first.log) << "x";
  CHECK(list_runs(root) == std::vector{first.id});
  CHECK(find_run(root, first.id)->log == first.log);
  CHECK(find_run(root, "last")->id == first.id);
}

TEST_CASE("the last run is the newest, also of many in one second") {
  const test::ScratchFolder scratch;
  for (int i = 0; i < 50; ++i) {
    const RunPlace fresh = create_run(scratch.path()).value();
    std::ofstream(fresh.log) << "x";
    CHECK(find_run(scratch.path(), "last")->id == fresh.id);
  }
}

TEST_CASE("an unknown run is refused, and so is an id that leaves the root") {
  const test::ScratchFolder scratch;
  for (const char* id : {"nothing", "last", "../x", "", "a/b"}) {
    INFO(id);
    const auto found = find_run(scratch.path(), id);
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().is(ActorsError::unknown_run));
  }
}

TEST_CASE("a root that cannot be made is named") {
  const test::ScratchFolder scratch;
  scratch.write("file", "x");
  const auto run = create_run(std::filesystem::path(scratch.path("file")) / "runs");
  REQUIRE_FALSE(run.ok());
  CHECK(run.error().message().find("BLUE_RUNS") != std::string::npos);
}

}  // namespace
}  // namespace blue::actors
