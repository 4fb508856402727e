#include "hal/topology.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <set>

#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

std::string data_path(const std::string& name) {
  return (std::filesystem::path(__FILE__).parent_path() / "data" / name).string();
}

Topology read_data(const std::string& name) {
  auto topology = read_topology_from_xml_file(data_path(name));
  INFO((topology ? "" : topology.error().message()));
  REQUIRE(topology.ok());
  return std::move(topology).value();
}

}  // namespace

TEST_CASE("an i9-13900F has 8 performance cores of two threads and 16 efficiency cores of one") {
  const Topology topology = read_data("i9_13900f.xml");
  CHECK(topology.cpu_name == "13th Gen Intel(R) Core(TM) i9-13900F");
  REQUIRE(topology.cores.size() == 24);
  CHECK(topology.n_pus() == 32);
  CHECK(topology.is_hybrid());
  const auto performance = topology.cores_of(CoreKind::performance);
  const auto efficiency = topology.cores_of(CoreKind::efficiency);
  REQUIRE(performance.size() == 8);
  REQUIRE(efficiency.size() == 16);
  for (std::size_t i = 0; i < performance.size(); ++i) {
    const int first = static_cast<int>(2 * i);
    CHECK(performance[i]->pus == std::vector<int>{first, first + 1});
    CHECK(performance[i]->l2_size == 2_MiB);
    CHECK(performance[i]->l3_size == 36_MiB);
  }
  for (std::size_t i = 0; i < efficiency.size(); ++i) {
    CHECK(efficiency[i]->pus == std::vector<int>{static_cast<int>(16 + i)});
    CHECK(efficiency[i]->l2_size == 4_MiB);
    CHECK(efficiency[i]->l3_group == performance[0]->l3_group);
  }
  REQUIRE(topology.numa_nodes.size() == 1);
  CHECK(topology.numa_nodes[0].memory == 64_GiB);
  CHECK(to_text(topology) ==
        "24 cores (8 performance, 16 efficiency), 32 hardware threads, 1 NUMA node");
}

TEST_CASE("cores whose kinds are only ranked count the highest rank as performance") {
  const Topology topology = read_data("ranked_4_4.xml");
  REQUIRE(topology.cores.size() == 8);
  for (const Core& core : topology.cores)
    CHECK(core.kind == (core.pus.front() >= 4 ? CoreKind::performance : CoreKind::efficiency));
}

TEST_CASE("a two-socket server without kinds is uniform, each core on the node of its socket") {
  const Topology topology = read_data("server_two_sockets.xml");
  REQUIRE(topology.cores.size() == 8);
  CHECK_FALSE(topology.is_hybrid());
  CHECK(topology.cores_of(CoreKind::uniform).size() == 8);
  REQUIRE(topology.numa_nodes.size() == 2);
  for (const Core& core : topology.cores) {
    const int socket = core.index / 4;
    CHECK(core.package == socket);
    CHECK(core.numa_node == socket);
    CHECK(core.l3_group == socket);
    CHECK(core.pus == std::vector<int>{core.index, core.index + 8});
  }
  CHECK(to_text(topology) == "8 cores, 16 hardware threads, 2 NUMA nodes");
}

TEST_CASE("a virtual machine that tells of one kind and no caches is uniform with unknown caches") {
  const Topology topology = read_data("vm_two_cores.xml");
  REQUIRE(topology.cores.size() == 2);
  CHECK_FALSE(topology.is_hybrid());
  for (const Core& core : topology.cores) {
    CHECK(core.kind == CoreKind::uniform);
    CHECK(core.l2_size.count == 0);
    CHECK(core.l3_group == -1);
  }
}

TEST_CASE("a core is found by any of its hardware threads") {
  const Topology topology = read_data("i9_13900f.xml");
  REQUIRE(topology.core_of_pu(3) != nullptr);
  CHECK(topology.core_of_pu(3)->pus.front() == 2);
  CHECK(topology.core_of_pu(32) == nullptr);
}

TEST_CASE("this machine's topology has distinct hardware threads on every core") {
  const auto topology = read_topology();
  REQUIRE(topology.ok());
  REQUIRE(!topology->cores.empty());
  std::set<int> pus;
  for (const Core& core : topology->cores) {
    REQUIRE(!core.pus.empty());
    CHECK(std::is_sorted(core.pus.begin(), core.pus.end()));
    for (const int pu : core.pus) CHECK(pus.insert(pu).second);
  }
  CHECK(pus.size() == topology->n_pus());
}

TEST_CASE("what is no topology export is a bad file, naming the path") {
  CHECK(read_topology_from_xml("").error().is(HalError::bad_file));
  CHECK(read_topology_from_xml("<topology>").error().is(HalError::bad_file));
  const test::ScratchFolder folder;
  for (const std::string& path :
       {folder.path("absent.xml"), folder.path(), folder.write("text.xml", "no XML at all")}) {
    const auto topology = read_topology_from_xml_file(path);
    REQUIRE(!topology.ok());
    CHECK(topology.error().is(HalError::bad_file));
    CHECK(topology.error().message().find(path) != std::string::npos);
  }
}

}  // namespace blue::hal
