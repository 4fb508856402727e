// The processor as plain data: cores with their hardware threads, kinds, caches and NUMA nodes.
// Read from the machine through hwloc, or from an hwloc XML export, so that placement is tested for
// machines that are not here.
// Depends on base and hal_error; hwloc stays in topology.cpp. Value types; any thread. Reading
// takes milliseconds: at boot.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

/// `uniform` where the machine has one kind only, or reports none: nothing to choose between.
enum class CoreKind : std::uint8_t { uniform, performance, efficiency };
std::string_view to_text(CoreKind kind);

/// One physical core.
struct Core {
  int index = 0;  ///< position in Topology::cores
  std::vector<int>
      pus;  ///< the operating system's CPU numbers of its hardware threads, ascending, never empty;
            ///< these are what affinity takes
  CoreKind kind = CoreKind::uniform;
  int numa_node = 0;  ///< the operating system's number of the nearest node
  int package = 0;    ///< the socket
  Bytes l2_size{};    ///< of the cache it uses, perhaps with others; 0 where unknown
  Bytes l3_size{};
  int l3_group = -1;  ///< cores with the same number share their last-level cache; -1 where unknown
};

struct NumaNode {
  int os_number = 0;
  Bytes memory;
};

struct Topology {
  std::string cpu_name;     ///< "13th Gen Intel(R) Core(TM) i9-13900F", empty where unknown
  std::vector<Core> cores;  ///< in hwloc's logical order: neighbours share the most
  std::vector<NumaNode> numa_nodes;
  std::string missing;  ///< what could not be read; else empty

  [[nodiscard]] std::size_t n_pus() const;
  /// Are there cores of more than one kind?
  [[nodiscard]] bool is_hybrid() const;
  [[nodiscard]] std::vector<const Core*> cores_of(CoreKind kind) const;
  /// The core that has the hardware thread `pu`; null when there is none.
  [[nodiscard]] const Core* core_of_pu(int pu) const;
};

/// "24 cores (8 performance, 16 efficiency), 32 hardware threads, 1 NUMA node".
std::string to_text(const Topology& topology);

/// This machine, without the cores that the process's cgroup forbids. Errors: absent when hwloc
/// finds no core.
Result<Topology> read_topology();

/// The output of `lstopo --of xml`, as text. Errors: bad_file when hwloc cannot read it or finds no
/// core in it.
Result<Topology> read_topology_from_xml(std::string_view xml);
/// The same from a file. Errors: bad_file (the message names the path).
Result<Topology> read_topology_from_xml_file(const std::string& path);

}  // namespace blue::hal
