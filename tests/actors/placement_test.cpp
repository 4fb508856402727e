#include "actors/placement.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

namespace blue::actors {
namespace {

hal::Topology exported(const std::string& name) {
  const char* source = std::getenv("BLUE_SOURCE_DIR");
  const std::string root = source != nullptr ? source : ".";
  auto topology = hal::read_topology_from_xml_file(root + "/tests/unit/hal/data/" + name);
  REQUIRE(topology.ok());
  return std::move(topology).value();
}

hal::CoreKind kind_of(const hal::Topology& topology, int cpu) {
  const hal::Core* core = topology.core_of_pu(cpu);
  REQUIRE(core != nullptr);
  return core->kind;
}

}  // namespace

TEST_CASE(
    "on an i9-13900F stages and scheduling get performance cores and the rest efficiency cores") {
  const hal::Topology topology = exported("i9_13900f.xml");
  const Placement placement = place_actors(topology);
  CHECK(kind_of(topology, placement.cpu_of(ActorKind::stage)) == hal::CoreKind::performance);
  CHECK(kind_of(topology, placement.cpu_of(ActorKind::scheduler)) == hal::CoreKind::performance);
  for (const ActorKind kind :
       {ActorKind::dma_engine, ActorKind::tiering, ActorKind::kv_library, ActorKind::tracer,
        ActorKind::watchdog, ActorKind::supervisor, ActorKind::cascade, ActorKind::application,
        ActorKind::entropy_monitor}) {
    INFO(to_text(kind));
    CHECK(kind_of(topology, placement.cpu_of(kind)) == hal::CoreKind::efficiency);
  }
  // Eight performance cores: seven compute, one schedules; one hardware thread of each.
  CHECK(placement.worker_cpus.size() == 7);
  CHECK(placement.worker_cpus.front() == placement.cpu_of(ActorKind::stage));
  CHECK(std::ranges::find(placement.worker_cpus, placement.cpu_of(ActorKind::scheduler)) ==
        placement.worker_cpus.end());
  for (const int cpu : placement.worker_cpus) CHECK(topology.core_of_pu(cpu)->pus.front() == cpu);
  CHECK(placement.has_spare_cores);
}

TEST_CASE("on two cores every actor has a core and computing uses both") {
  const Placement placement = place_actors(exported("vm_two_cores.xml"));
  CHECK(placement.worker_cpus.size() == 2);
  CHECK(placement.cpu_of(ActorKind::stage) == placement.worker_cpus.front());
  CHECK(placement.cpu_of(ActorKind::scheduler) == placement.worker_cpus.back());
  for (const int cpu : placement.cpus) CHECK(cpu != Placement::kAnywhere);
  CHECK_FALSE(placement.has_spare_cores);
}

TEST_CASE("on two sockets everything stays on one NUMA node") {
  const hal::Topology topology = exported("server_two_sockets.xml");
  const Placement placement = place_actors(topology);
  for (const int cpu : placement.worker_cpus)
    CHECK(topology.core_of_pu(cpu)->numa_node == placement.numa_node);
  for (const int cpu : placement.cpus)
    CHECK(topology.core_of_pu(cpu)->numa_node == placement.numa_node);
}

TEST_CASE("without cores nothing is pinned") {
  const Placement placement = place_actors({});
  for (const int cpu : placement.cpus) CHECK(cpu == Placement::kAnywhere);
  CHECK(placement.worker_cpus.empty());
}

}  // namespace blue::actors
