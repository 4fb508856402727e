// The PCIe view of GPUs and NVMe drives from sysfs: links, NUMA node, and whether the path to
// memory goes through the chipset, which shares one uplink among everything behind it. Depends on
// base, hal/sysfs. Value types; any thread. The sysfs root is a parameter; tests build one out of
// files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hal/sysfs.h"

namespace blue::hal {

/// Where a device is attached. `unknown` where the machine is virtual (its tree is too) or no rule
/// of classify applies.
enum class PciPlace : std::uint8_t { unknown, cpu, chipset };
std::string_view to_text(PciPlace place);

/// A link as one end reports it. An idle GPU lowers its current speed; the maximum is what the
/// device could do.
struct PciLink {
  double gigatransfers_per_s = 0;  ///< per lane; 0 where unknown
  int n_lanes = 0;

  /// Bytes per second in one direction after line coding (8b/10b up to 5 GT/s, 128b/130b above),
  /// before packet headers.
  [[nodiscard]] double bytes_per_s() const;
};
/// "16 GT/s x4 (7.88 GB/s)", "unknown".
std::string to_text(const PciLink& link);

struct PciDevice {
  std::string address;  ///< "0000:01:00.0"
  std::uint32_t vendor = 0;
  std::uint32_t device = 0;
  std::uint32_t class_code = 0;  ///< 24 bits: class, subclass, interface
  std::optional<int> numa_node;  ///< nothing where unknown (-1 in sysfs)
  PciLink link_current;
  PciLink link_max;
  PciPlace place = PciPlace::unknown;
  std::string place_reason;                ///< the rule that decided, for people
  std::vector<std::string> block_devices;  ///< "nvme0n1", of drives
};

struct PciView {
  std::vector<PciDevice>
      gpus;  ///< class 03: display controllers, management consoles of servers among them
  std::vector<PciDevice> drives;  ///< class 0108: NVMe
};

/// Is the machine's PCIe tree real?
enum class Hosting : std::uint8_t { physical, virtual_machine };

/// A bridge on the way from the processor to a device, outermost first.
struct PciBridge {
  std::string address;
  std::uint32_t vendor = 0;
  std::uint32_t device = 0;
};

struct PciPlacement {
  PciPlace place = PciPlace::unknown;
  std::string reason;
};

/// Pure: where a device with these bridges above it is attached. The rules, in order; what none of
/// them covers is unknown:
///  1. In a virtual machine the tree is the hypervisor's: unknown.
///  2. No bridge above: it is on the root complex itself (an integrated GPU): behind the CPU.
///  3. A bridge of AMD's chipsets (1022:43xx) or of ASMedia (1b21, who makes them): behind the
///     chipset. AMD attaches its chipset, a switch, to one of the processor's root ports. (An
///     add-in card with an ASMedia switch in a CPU slot is taken for the chipset too: sysfs does
///     not distinguish them.)
///  4. Intel (8086) root port on bus 00 of domain 0, or in a VMD domain (10000 and up): device
///     numbers 1a to 1d are the chipset's; 01 to 0f the processor's.
///  5. Intel root port on another root bus: servers give each processor stack one: behind the CPU.
///  6. AMD (1022) root port without rule 3: behind the CPU.
PciPlacement classify_place(const std::vector<PciBridge>& bridges, Hosting hosting);

/// All GPUs and NVMe drives below `roots.sys`, by address. Empty where there is no PCI.
PciView read_pci_view(const SystemRoots& roots, Hosting hosting);

}  // namespace blue::hal
