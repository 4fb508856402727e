#include <catch2/catch_test_macros.hpp>

#include "kernels/backend.h"

using blue::Result;
using blue::kernels::BackendChoice;
using blue::kernels::BackendEntry;
using blue::kernels::choose_backend;
using blue::kernels::KernelsError;

TEST_CASE(
    "the automatic choice has the highest preference of those with a device, and gives the "
    "reason") {
  int highest = -1;
  for (const BackendEntry* entry : blue::kernels::registered_backends()) {
    if (!entry->probe().empty()) highest = std::max(highest, entry->preference);
  }
  const Result<BackendChoice> choice = choose_backend("auto");
  REQUIRE(choice.ok());
  CHECK(choice->entry->preference == highest);
  CHECK(choice->why.find("chosen automatically") != std::string::npos);
}

TEST_CASE("the reference backend is always there, last in preference, and opens") {
  const Result<BackendChoice> choice = choose_backend("reference");
  REQUIRE(choice.ok());
  CHECK(choice->entry->preference == 0);
  CHECK(choice->entry->open({}).value()->name() == "reference");
}

TEST_CASE(
    "a name or device that is not there is refused in one line that names it and the choices") {
  for (const char* wanted : {"gpu", "cpu:x", "cpu:-1", "cpu:", "cpu:0x", "reference:7"}) {
    const Result<BackendChoice> choice = choose_backend(wanted);
    INFO(wanted);
    REQUIRE_FALSE(choice.ok());
    CHECK(choice.error().is(KernelsError::unknown_backend));
    CHECK(choice.error().message().find(wanted) != std::string::npos);
    CHECK(choice.error().message().find('\n') == std::string::npos);
  }
  CHECK(choose_backend("gpu").error().message().find("reference") != std::string::npos);
}
