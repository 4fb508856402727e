#include "hal/pci.h"

#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

/// A fake sysfs: functions below their bridges, with the links of /sys/bus/pci/devices.
class FakePci {
 public:
  /// `path`: below /sys/devices, "pci0000:00/0000:00:01.0/0000:01:00.0".
  void add(const std::string& path, const std::string& class_code, const std::string& vendor,
           const std::string& device) {
    const std::string folder = "devices/" + path;
    write(path, "class", class_code);
    write(path, "vendor", vendor);
    write(path, "device", device);
    const std::string address = path.substr(path.rfind('/') + 1);
    folder_.link("bus/pci/devices/" + address, folder_.path(folder));
  }
  void write(const std::string& path, const std::string& name, const std::string& value) {
    folder_.write("devices/" + path + "/" + name, value + "\n");
  }
  [[nodiscard]] PciView read(Hosting hosting = Hosting::physical) const {
    return read_pci_view({.sys = folder_.path(), .proc = "/proc"}, hosting);
  }

 private:
  test::ScratchFolder folder_;
};

constexpr const char* kBridge = "0x060400";
constexpr const char* kNvme = "0x010802";
constexpr const char* kGpu = "0x030000";

}  // namespace

TEST_CASE("a GPU in the processor's slot is described with its link and place") {
  FakePci pci;
  const std::string gpu = "pci0000:00/0000:00:01.0/0000:01:00.0";
  pci.add("pci0000:00/0000:00:01.0", kBridge, "0x8086", "0xa70d");
  pci.add(gpu, kGpu, "0x10de", "0x2684");
  pci.write(gpu, "current_link_speed", "2.5 GT/s PCIe");
  pci.write(gpu, "max_link_speed", "16.0 GT/s PCIe");
  pci.write(gpu, "current_link_width", "16");
  pci.write(gpu, "max_link_width", "16");
  pci.write(gpu, "numa_node", "0");
  const PciView view = pci.read();
  REQUIRE(view.gpus.size() == 1);
  CHECK(view.drives.empty());
  const PciDevice& found = view.gpus[0];
  CHECK(found.address == "0000:01:00.0");
  CHECK(found.vendor == 0x10de);
  CHECK(found.device == 0x2684);
  CHECK(found.numa_node == 0);
  CHECK(found.place == PciPlace::cpu);
  CHECK(to_text(found.link_current) == "2.5 GT/s x16 (4.00 GB/s)");
  CHECK(to_text(found.link_max) == "16 GT/s x16 (31.51 GB/s)");
}

TEST_CASE("NVMe drives are behind the processor or the chipset by their Intel root port") {
  FakePci pci;
  pci.add("pci0000:00/0000:00:06.0", kBridge, "0x8086", "0xa74d");
  pci.add("pci0000:00/0000:00:06.0/0000:02:00.0", kNvme, "0x144d", "0xa80c");
  pci.write("pci0000:00/0000:00:06.0/0000:02:00.0", "nvme/nvme0/nvme0n1/size", "1");
  pci.write("pci0000:00/0000:00:06.0/0000:02:00.0", "nvme/nvme0/hwmon1/name", "nvme");
  pci.add("pci0000:00/0000:00:1b.4", kBridge, "0x8086", "0x7a44");
  pci.add("pci0000:00/0000:00:1b.4/0000:05:00.0", kNvme, "0x15b7", "0x5030");
  pci.write("pci0000:00/0000:00:1b.4/0000:05:00.0", "nvme/nvme1/nvme1c1n1/size", "1");
  pci.write("pci0000:00/0000:00:1b.4/0000:05:00.0", "numa_node", "-1");
  const PciView view = pci.read();
  REQUIRE(view.drives.size() == 2);
  CHECK(view.drives[0].place == PciPlace::cpu);
  CHECK(view.drives[0].block_devices == std::vector<std::string>{"nvme0n1"});
  CHECK(view.drives[1].place == PciPlace::chipset);
  CHECK(view.drives[1].block_devices == std::vector<std::string>{"nvme1n1"});
  CHECK_FALSE(view.drives[1].numa_node.has_value());
  CHECK(to_text(view.drives[1].link_current) == "unknown");
}

TEST_CASE("the place rules hold for the boards they were written for") {
  const auto place = [](const std::vector<PciBridge>& bridges) {
    return classify_place(bridges, Hosting::physical).place;
  };
  CHECK(place({{"0000:00:01.1", 0x1022, 0x1483}}) ==
        PciPlace::cpu);                           // AMD, M.2 slot of the processor
  CHECK(place({{"0000:00:02.1", 0x1022, 0x1483},  // AMD X670: the chipset is a switch
               {"0000:03:00.0", 0x1022, 0x43f4},
               {"0000:04:00.0", 0x1022, 0x43f5}}) == PciPlace::chipset);
  CHECK(place({{"0000:00:01.2", 0x1022, 0x1483}, {"0000:02:00.2", 0x1b21, 0x43ee}}) ==
        PciPlace::chipset);
  CHECK(place({{"0000:97:01.0", 0x8086, 0x352a}}) == PciPlace::cpu);  // a Xeon's own root bus
  CHECK(place({{"10000:e0:1b.0", 0x8086, 0x7ac0}}) ==
        PciPlace::chipset);  // behind VMD, on the chipset
  CHECK(place({{"10000:e0:06.0", 0x8086, 0xa74d}}) == PciPlace::cpu);
  CHECK(place({{"0000:00:1c.0", 0x8086, 0x7ab8}}) == PciPlace::chipset);
  CHECK(place({{"0000:00:1e.0", 0x8086, 0x244e}}) == PciPlace::unknown);
  CHECK(place({{"0000:00:01.0", 0x1d0f, 0x0200}}) == PciPlace::unknown);  // a maker without a rule
  CHECK(place({}) == PciPlace::cpu);                                      // an integrated GPU
}

TEST_CASE("in a virtual machine every place is unknown, with the reason") {
  FakePci pci;
  pci.add("pci0000:00/0000:00:01.0", kBridge, "0x8086", "0xa70d");
  pci.add("pci0000:00/0000:00:01.0/0000:01:00.0", "0x030200", "0x10de", "0x2330");
  const PciView view = pci.read(Hosting::virtual_machine);
  REQUIRE(view.gpus.size() == 1);
  CHECK(view.gpus[0].place == PciPlace::unknown);
  CHECK(view.gpus[0].place_reason.find("virtual") != std::string::npos);
}

TEST_CASE("other devices, and a machine without PCI, show nothing") {
  FakePci pci;
  CHECK(pci.read().gpus.empty());
  pci.add("pci0000:00/0000:00:1f.2", "0x010601", "0x8086", "0x7ae2");  // SATA
  pci.add("pci0000:00/0000:00:1f.6", "0x020000", "0x8086", "0x1a1c");
  const PciView view = pci.read();
  CHECK(view.gpus.empty());
  CHECK(view.drives.empty());
}

TEST_CASE("a width of 255 lanes or a garbled speed is an unknown link") {
  FakePci pci;
  const std::string gpu = "pci0000:00/0000:00:02.0";
  pci.add(gpu, kGpu, "0x8086", "0xa780");
  pci.write(gpu, "current_link_speed", "Unknown");
  pci.write(gpu, "current_link_width", "255");
  const PciView view = pci.read();
  REQUIRE(view.gpus.size() == 1);
  CHECK(view.gpus[0].link_current.n_lanes == 0);
  CHECK(to_text(view.gpus[0].link_current) == "unknown");
  CHECK(view.gpus[0].link_current.bytes_per_s() == 0);
}

}  // namespace blue::hal
