// What a user asks of the machine becomes what a runtime runs with, and a line that says so.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "models/models_error.h"
#include "runtime/compute_threads.h"
#include "runtime/runtime.h"

namespace blue::runtime {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";

class KeptLog final : public LogSink {
 public:
  std::vector<std::string> lines;
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  [[nodiscard]] std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }
};

TEST_CASE("what was asked for is granted, and one line says all of it") {
  KeptLog log;
  RuntimeOptions options;
  options.device = "reference";
  options.resources = {.vram = MemorySize(48_MiB),
                       .ram = MemorySize(8_MiB),
                       .policy = memory::EvictionPolicy::lfu,
                       .n_threads = 3};
  const auto runtime = Runtime::start(options, log);
  if (!runtime) FAIL(runtime.error().message());
  const GrantedResources granted = (*runtime)->resources();
  CHECK(granted.vram == 48_MiB);
  CHECK_FALSE(granted.ram);
  CHECK(granted.n_threads == 0);
  CHECK(to_text(granted) ==
        (*runtime)->device_choice() + "; vram 48.00 MiB, ram unused, policy lfu");
  CHECK(log.count("--ram is not used") == 1);
  CHECK(log.count("--threads is not used") == 1);
}

TEST_CASE("a share of tier 0 is of what the machine grants") {
  NullLogSink log;
  const auto vram = [&log](MemorySize size) {
    RuntimeOptions options;
    options.device = "reference";
    options.resources.vram = size;
    const auto runtime = Runtime::start(options, log);
    if (!runtime) FAIL(runtime.error().message());
    return static_cast<double>((*runtime)->resources().vram.count);
  };
  // What is available changes between two starts, by other programs.
  const double half = vram(MemorySize::share(500'000));
  const double tenth = vram(MemorySize::share(100'000));
  CHECK(half / tenth > 3.5);
  CHECK(half / tenth < 7.0);
}

TEST_CASE("a model whose largest block tier 0 cannot hold is refused before it is loaded") {
  NullLogSink log;
  RuntimeOptions options;
  options.device = "reference";
  options.resources.vram = 16_KiB;
  const auto runtime = Runtime::start(options, log);
  if (!runtime) FAIL(runtime.error().message());
  const auto loaded = (*runtime)->load_model(kModel);
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().is(models::ModelsError::budget_too_small));
  CHECK(loaded.error().message().find("give --vram ") != std::string::npos);
  CHECK((*runtime)->tiers().at(0).view.n_resident == 0);
}

TEST_CASE("more threads than the machine has are refused with their number") {
  NullLogSink log;
  RuntimeOptions options;
  options.device = "cpu";
  options.resources.n_threads = actors::kMostThreads;
  const auto runtime = Runtime::start(options, log);
  if (!runtime && runtime.error().kind() == ErrorKind::unavailable) return;  // no AVX2
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.error().kind() == ErrorKind::bad_input);
  CHECK(runtime.error().message().find("1024 threads: this process may use ") == 0);
}

hal::Topology exported(const std::string& name) {
  const char* source = std::getenv("BLUE_SOURCE_DIR");
  return hal::read_topology_from_xml_file(std::string(source != nullptr ? source : ".") +
                                          "/tests/unit/hal/data/" + name)
      .value();
}

TEST_CASE("threads take the automatic cores first, then every other core, then hardware threads") {
  const hal::Topology topology = exported("server_two_sockets.xml");
  const actors::Placement automatic = actors::place_actors(topology);
  const std::size_t n_cores = topology.cores.size();
  for (const std::size_t n :
       {std::size_t{1}, automatic.worker_cpus.size(), n_cores, topology.n_pus()}) {
    CAPTURE(n);
    actors::Placement placement = automatic;
    REQUIRE(place_threads(placement, topology, static_cast<std::uint32_t>(n)).ok());
    REQUIRE(placement.worker_cpus.size() == n);
    CHECK(std::ranges::equal(
        std::vector(placement.worker_cpus.begin(),
                    placement.worker_cpus.begin() +
                        static_cast<std::ptrdiff_t>(std::min(n, automatic.worker_cpus.size()))),
        std::vector(automatic.worker_cpus.begin(),
                    automatic.worker_cpus.begin() +
                        static_cast<std::ptrdiff_t>(std::min(n, automatic.worker_cpus.size())))));
    std::vector<int> once = placement.worker_cpus;
    std::ranges::sort(once);
    CHECK(std::ranges::adjacent_find(once) == once.end());
    if (n > n_cores) continue;
    std::vector<const hal::Core*> cores;
    for (const int cpu : placement.worker_cpus) cores.push_back(topology.core_of_pu(cpu));
    std::ranges::sort(cores);
    CHECK(std::ranges::adjacent_find(cores) == cores.end());
  }
  actors::Placement placement = automatic;
  CHECK_FALSE(
      place_threads(placement, topology, static_cast<std::uint32_t>(topology.n_pus() + 1)).ok());
  CHECK(place_threads(placement, topology, 0).ok());
  CHECK(placement.worker_cpus == automatic.worker_cpus);
}

TEST_CASE("light actors do not spin on a core that computes") {
  const hal::Topology topology = exported("i9_13900f.xml");
  actors::Placement placement = actors::place_actors(topology);
  REQUIRE(placement.has_spare_cores);
  REQUIRE(place_threads(placement, topology, 2).ok());
  CHECK(placement.has_spare_cores);
  REQUIRE(
      place_threads(placement, topology, static_cast<std::uint32_t>(topology.cores.size())).ok());
  CHECK_FALSE(placement.has_spare_cores);
}

}  // namespace
}  // namespace blue::runtime
