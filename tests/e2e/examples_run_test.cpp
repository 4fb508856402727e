// The embedding examples as programs.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using blue::test::ProgramCall;
using blue::test::ProgramResult;
using blue::test::run_program;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the examples without arguments say how they are used, with status 2") {
  for (const char* name : {"example_embed", "example_c_generate"}) {
    CAPTURE(name);
    const ProgramResult end = run_program(name, ProgramCall{});
    CHECK(end.exit_status == 2);
    CHECK(has(end.err, std::string("usage: ") + name));
    CHECK(end.out.empty());
  }
}

TEST_CASE("the examples refuse an absent model with status 2, naming it") {
  for (const char* name : {"example_embed", "example_c_generate"}) {
    CAPTURE(name);
    const ProgramResult end = run_program(name, {.arguments = {"/absent/model.gguf", "x"}});
    CHECK(end.exit_status == 2);
    CHECK(has(end.err, "/absent/model.gguf"));
  }
}

TEST_CASE("an actor of an embedding program gets tokens and an answer") {
  BLUE_NEED_SHARED_DATA(data);
  const ProgramResult end = run_program(
      "example_embed", {.arguments = {(data / "models/stories260K.gguf").string(), "Once upon"}});
  CAPTURE(end.err);
  CHECK(end.exit_status == 0);
  CHECK(has(end.out, "prompt tokens: 403 407\n"));
  CHECK(has(end.out, "a time, there was a little girl named Lily."));
}

TEST_CASE("a C program streams the reference text") {
  BLUE_NEED_SHARED_DATA(data);
  const std::string expected =
      blue::test::read_text(data / "models/stories260K.greedy.txt").substr(0, 60);
  const ProgramResult end = run_program(
      "example_c_generate", {.arguments = {(data / "models/stories260K.gguf").string(), "", "64"}});
  CAPTURE(end.err);
  CHECK(end.exit_status == 0);
  CHECK(end.out.starts_with(expected));
}
