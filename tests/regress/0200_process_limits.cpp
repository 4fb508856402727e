// Programs under small limits of stack, address space and data either run or end with one line:
// thread constructors that threw ended them with an abort or a hang, and arenas were sized by the
// machine's memory alone.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/program.h"

namespace blue::test {
namespace {

/// `blue generate` of eight tokens with the bundled draft model, under a limit of the shell's.
ProgramResult generate_under(const std::string& limit) {
  ProgramCall call;
  call.arguments = {"-c", limit +
                              "; exec \"$BLUE_BIN_DIR/blue\" generate -m assets/nano/draft.gguf "
                              "-p hello -n 8 --device cpu"};
  return run_program("/bin/sh", call);
}

std::ptrdiff_t n_lines_with(const std::string& text, const std::string& part) {
  std::ptrdiff_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("a small or an unlimited stack changes nothing") {
  const ProgramResult plain = generate_under("true");
  REQUIRE(plain.exit_status == 0);
  for (const char* limit : {"ulimit -s 64", "ulimit -s 256", "ulimit -s unlimited"}) {
    INFO(limit);
    const ProgramResult result = generate_under(limit);
    CHECK(result.exit_status == 0);
    CHECK(result.out == plain.out);
  }
}

TEST_CASE("where the address space or the data is limited a program runs or says why not") {
#ifdef __SANITIZE_ADDRESS__
  SKIP("AddressSanitizer maps terabytes");
#endif
  const ProgramResult plain = generate_under("true");
  for (const int kib : {60'000, 120'000, 250'000, 500'000, 1'000'000}) {
    for (const char* limit : {"ulimit -v ", "ulimit -d "}) {
      INFO(limit << kib);
      const ProgramResult result = generate_under(limit + std::to_string(kib));
      INFO(result.err);
      if (result.exit_status == 0) {
        CHECK(result.out == plain.out);
        continue;
      }
      CHECK((result.exit_status == 1 || result.exit_status == 2));
      CHECK(n_lines_with(result.err, "internal error") == 0);
    }
  }
  // Not for lack of trying: a gigabyte is enough for twenty threads and a small model.
  CHECK(generate_under("ulimit -v 1000000").exit_status == 0);
  CHECK(generate_under("ulimit -d 1000000").exit_status == 0);
}

}  // namespace blue::test
