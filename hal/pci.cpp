#include "hal/pci.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace blue::hal {
namespace {

constexpr std::uint32_t kIntel = 0x8086;
constexpr std::uint32_t kAmd = 0x1022;
constexpr std::uint32_t kAsmedia = 0x1b21;

struct PciAddress {
  unsigned domain = 0;
  unsigned bus = 0;
  unsigned slot = 0;
  unsigned function = 0;
};

std::optional<PciAddress> parse_address(const std::string& text) {
  PciAddress out;
  int n_read = 0;
  const int fields = std::sscanf(text.c_str(), "%x:%x:%x.%x%n", &out.domain, &out.bus, &out.slot,
                                 &out.function, &n_read);
  if (fields != 4 || static_cast<std::size_t>(n_read) != text.size()) return std::nullopt;
  return out;
}

std::uint32_t read_id(const std::string& path) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(read_number(path).value_or(0), 0));
}

/// "16.0 GT/s PCIe" -> 16; "Unknown" -> 0.
PciLink read_link(const std::string& folder, const std::string& which) {
  PciLink link;
  if (const auto speed = read_first_line(folder + "/" + which + "_link_speed"))
    link.gigatransfers_per_s = std::strtod(speed->c_str(), nullptr);
  // A device without a link reports 0 lanes or 255.
  const auto lanes = read_number(folder + "/" + which + "_link_width").value_or(0);
  link.n_lanes = lanes > 0 && lanes <= 32 ? static_cast<int>(lanes) : 0;
  return link;
}

/// The PCI functions between the root complex and the device, from the resolved sysfs path.
std::vector<PciBridge> read_bridges(const std::string& resolved) {
  std::vector<PciBridge> bridges;
  for (std::size_t slash = resolved.find('/', 1); slash != std::string::npos;
       slash = resolved.find('/', slash + 1)) {
    const std::string folder = resolved.substr(0, slash);
    const std::string name = folder.substr(folder.rfind('/') + 1);
    if (!parse_address(name)) continue;
    const std::uint32_t vendor = read_id(folder + "/vendor");
    const std::uint32_t class_code = read_id(folder + "/class");
    if (class_code >> 16 == 0x06) bridges.push_back({name, vendor, read_id(folder + "/device")});
  }
  return bridges;
}

/// The name spaces of a drive. With multipath on, "nvme0c1n1" is the hidden path of "nvme0n1".
std::vector<std::string> read_block_devices(const std::string& folder) {
  std::vector<std::string> found;
  for (const std::string& controller : list_directory(folder + "/nvme")) {
    for (std::string name : list_directory(folder + "/nvme/" + controller)) {
      if (!name.starts_with("nvme") || name.find('n', 4) == std::string::npos) continue;
      if (const auto c = name.find('c', 4); c != std::string::npos)
        name.erase(c, name.find('n', c) - c);
      if (std::find(found.begin(), found.end(), name) == found.end()) found.push_back(name);
    }
  }
  return found;
}

PciDevice read_device(const std::string& folder, const std::string& address,
                      std::uint32_t class_code, Hosting hosting) {
  PciDevice device;
  device.address = address;
  device.class_code = class_code;
  device.vendor = read_id(folder + "/vendor");
  device.device = read_id(folder + "/device");
  if (const auto node = read_number(folder + "/numa_node"); node && *node >= 0)
    device.numa_node = static_cast<int>(*node);
  device.link_current = read_link(folder, "current");
  device.link_max = read_link(folder, "max");
  const auto placement = classify_place(read_bridges(folder), hosting);
  device.place = placement.place;
  device.place_reason = placement.reason;
  return device;
}

PciPlacement classify_intel(const PciBridge& root_port, const PciAddress& address) {
  if (address.domain < 0x10000 && (address.domain != 0 || address.bus != 0))
    return {PciPlace::cpu,
            "Intel root port " + root_port.address + " on a processor's own root bus"};
  if (address.slot >= 0x1a && address.slot <= 0x1d)
    return {PciPlace::chipset, "Intel chipset root port " + root_port.address};
  if (address.slot >= 0x01 && address.slot <= 0x0f)
    return {PciPlace::cpu, "Intel processor root port " + root_port.address};
  return {PciPlace::unknown, "Intel root port " + root_port.address + " of no known numbering"};
}

}  // namespace

std::string_view to_text(PciPlace place) {
  switch (place) {
    case PciPlace::unknown: return "unknown place";
    case PciPlace::cpu: return "behind the CPU";
    case PciPlace::chipset: return "behind the chipset";
  }
  return "unknown place";
}

double PciLink::bytes_per_s() const {
  const double coding = gigatransfers_per_s <= 5.0 ? 8.0 / 10.0 : 128.0 / 130.0;
  return gigatransfers_per_s * 1e9 * coding / 8.0 * n_lanes;
}

std::string to_text(const PciLink& link) {
  if (link.gigatransfers_per_s <= 0 || link.n_lanes <= 0) return "unknown";
  char text[64];
  std::snprintf(text, sizeof text, "%g GT/s x%d (%.2f GB/s)", link.gigatransfers_per_s,
                link.n_lanes, link.bytes_per_s() / 1e9);
  return text;
}

PciPlacement classify_place(const std::vector<PciBridge>& bridges, Hosting hosting) {
  if (hosting == Hosting::virtual_machine)
    return {PciPlace::unknown, "the machine is virtual, its PCIe tree is made up"};
  if (bridges.empty()) return {PciPlace::cpu, "on the root complex itself"};
  for (const PciBridge& bridge : bridges) {
    const bool is_amd_chipset = bridge.vendor == kAmd && bridge.device >> 8 == 0x43;
    if (is_amd_chipset || bridge.vendor == kAsmedia)
      return {PciPlace::chipset, "chipset switch " + bridge.address + " above it"};
  }
  const PciBridge& root_port = bridges.front();
  const auto address = parse_address(root_port.address);
  if (address && root_port.vendor == kIntel) return classify_intel(root_port, *address);
  if (address && root_port.vendor == kAmd)
    return {PciPlace::cpu, "AMD processor root port " + root_port.address};
  return {PciPlace::unknown, "root port " + root_port.address + " of a maker without a rule"};
}

PciView read_pci_view(const SystemRoots& roots, Hosting hosting) {
  PciView view;
  const std::string all = roots.sys + "/bus/pci/devices";
  for (const std::string& address : list_directory(all)) {
    const auto folder = resolve_path(all + "/" + address);
    if (!folder) continue;
    const std::uint32_t class_code = read_id(*folder + "/class");
    if (class_code >> 16 == 0x03)
      view.gpus.push_back(read_device(*folder, address, class_code, hosting));
    if (class_code >> 8 == 0x0108) {
      view.drives.push_back(read_device(*folder, address, class_code, hosting));
      view.drives.back().block_devices = read_block_devices(*folder);
    }
  }
  return view;
}

}  // namespace blue::hal
