// Thousands of histories of the real actors, each drawn from a seed. A seed that shows a violation
// is printed with the command that replays it alone:
//   BLUE_SIM_SEED=17 build/release/tests/bin/test_sim     one history, told on stderr
//   BLUE_SIM_SEEDS=10000 build/release/tests/bin/test_sim  the first 10000
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/actors/sim/simulation.h"

namespace blue {
namespace {

constexpr std::uint64_t kSeeds = 500;

char replay_line[160];

std::uint64_t number_in_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A failed BLUE_CHECK ends the process: the seed must be out before.
void print_replay(int signal) {
  const auto ignored =
      write(STDERR_FILENO, replay_line, std::char_traits<char>::length(replay_line));
  static_cast<void>(ignored);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// Logs are synced at every commit; in memory that costs nothing.
std::filesystem::path scratch_root() {
  std::error_code none;
  const std::filesystem::path in_memory = "/dev/shm";
  return std::filesystem::is_directory(in_memory, none) && access("/dev/shm", W_OK) == 0
             ? in_memory
             : std::filesystem::temp_directory_path();
}

std::string violations_of(std::uint64_t seed, sim::Simulation::Story story) {
  std::snprintf(
      replay_line, sizeof replay_line,
      "simulation: seed %llu; replay: BLUE_SIM_SEED=%llu build/release/tests/bin/test_sim\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
  const std::filesystem::path folder = scratch_root() / ("blue-sim-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::string violations;
  {
    sim::Simulation simulation(seed, folder.string(), story);
    violations = simulation.run();
  }
  std::filesystem::remove_all(folder);
  return violations;
}

}  // namespace

TEST_CASE("in every simulated history runs end once, with the right text, and nothing is left") {
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGABRT, print_replay);
  std::signal(SIGSEGV, print_replay);
  const std::uint64_t n_seeds = number_in_environment("BLUE_SIM_SEEDS", kSeeds);
  const bool is_single = std::getenv("BLUE_SIM_SEED") != nullptr;
  const std::uint64_t first = number_in_environment("BLUE_SIM_SEED", 1);
  using Story = sim::Simulation::Story;
  const Story story = is_single ? Story::told : Story::silent;
  std::uint64_t n_failed = 0;
  for (std::uint64_t seed = first; seed < (is_single ? first + 1 : first + n_seeds); ++seed) {
    const std::string violations = violations_of(seed, story);
    if (violations.empty()) continue;
    ++n_failed;
    std::fprintf(stderr, "%s%s", replay_line, violations.c_str());
    if (n_failed == 10) break;
  }
  std::signal(SIGABRT, SIG_DFL);
  std::signal(SIGSEGV, SIG_DFL);
  CHECK(n_failed == 0);
}

}  // namespace blue
