#include "hal/topology.h"

#include <hwloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace blue::hal {
namespace {

struct TopologyDeleter {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, TopologyDeleter>;

struct BitmapDeleter {
  void operator()(hwloc_bitmap_s* bitmap) const { hwloc_bitmap_free(bitmap); }
};
using HwlocBitmap = std::unique_ptr<hwloc_bitmap_s, BitmapDeleter>;

HwlocTopology make_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  return HwlocTopology(raw);
}

/// The kind that a group of cores reports. Intel names its cores; elsewhere only the ranking tells
/// them apart, and its highest rank is taken as performance (three ranks, as with low-power
/// efficiency cores, leave the lower two efficiency).
CoreKind kind_of_group(int efficiency, int highest, unsigned n_infos, const hwloc_info_s* infos) {
  for (unsigned i = 0; i < n_infos; ++i) {
    if (std::strcmp(infos[i].name, "CoreType") != 0) continue;
    if (std::strcmp(infos[i].value, "IntelCore") == 0) return CoreKind::performance;
    if (std::strcmp(infos[i].value, "IntelAtom") == 0) return CoreKind::efficiency;
  }
  return efficiency == highest ? CoreKind::performance : CoreKind::efficiency;
}

/// Sets each core's kind from hwloc's cpukinds; leaves all uniform when there are fewer than two
/// ranked groups.
void assign_kinds(hwloc_topology_t topology, std::vector<Core>& cores) {
  const int n_groups = hwloc_cpukinds_get_nr(topology, 0);
  if (n_groups < 2) return;
  const HwlocBitmap set(hwloc_bitmap_alloc());
  for (int group = 0; group < n_groups; ++group) {
    int efficiency = -1;
    unsigned n_infos = 0;
    hwloc_info_s* infos = nullptr;
    const auto index = static_cast<unsigned>(group);
    if (hwloc_cpukinds_get_info(topology, index, set.get(), &efficiency, &n_infos, &infos, 0) != 0)
      continue;
    if (efficiency < 0) return;  // hwloc could not rank the groups: which one is quicker is unknown
    const CoreKind kind = kind_of_group(efficiency, n_groups - 1, n_infos, infos);
    for (Core& core : cores)
      if (hwloc_bitmap_isset(set.get(), static_cast<unsigned>(core.pus.front()))) core.kind = kind;
  }
  // Groups of one kind (three groups of IntelCore that differ in turbo clock) are no choice.
  const bool is_one_kind = std::all_of(cores.begin(), cores.end(), [&](const Core& core) {
    return core.kind == cores.front().kind;
  });
  if (!is_one_kind) return;
  for (Core& core : cores) core.kind = CoreKind::uniform;
}

std::vector<int> pus_of(hwloc_obj_t object) {
  std::vector<int> pus;
  for (int pu = hwloc_bitmap_first(object->cpuset); pu >= 0;
       pu = hwloc_bitmap_next(object->cpuset, pu))
    pus.push_back(pu);
  return pus;
}

Core describe_core(hwloc_topology_t topology, hwloc_obj_t object, int index) {
  Core core;
  core.index = index;
  core.pus = pus_of(object);
  const int node = hwloc_bitmap_first(object->nodeset);
  core.numa_node = std::max(node, 0);
  if (hwloc_obj_t l2 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L2CACHE, object))
    core.l2_size = {l2->attr->cache.size};
  if (hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_L3CACHE, object)) {
    core.l3_size = {l3->attr->cache.size};
    core.l3_group = static_cast<int>(l3->logical_index);
  }
  if (hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, object))
    core.package = static_cast<int>(package->logical_index);
  return core;
}

std::string cpu_name_of(hwloc_topology_t topology) {
  hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
  const char* name = package != nullptr ? hwloc_obj_get_info_by_name(package, "CPUModel") : nullptr;
  return name != nullptr ? name : "";
}

Topology convert(hwloc_topology_t topology) {
  Topology out;
  out.cpu_name = cpu_name_of(topology);
  // Some virtual machines show hardware threads without cores; each is then a core of its own.
  const auto level =
      hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  for (hwloc_obj_t core = nullptr;
       (core = hwloc_get_next_obj_by_type(topology, level, core)) != nullptr;) {
    if (hwloc_bitmap_iszero(core->cpuset)) continue;
    out.cores.push_back(describe_core(topology, core, static_cast<int>(out.cores.size())));
  }
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;)
    out.numa_nodes.push_back(
        {static_cast<int>(node->os_index), {node->attr->numanode.local_memory}});
  if (!out.cores.empty()) assign_kinds(topology, out.cores);
  return out;
}

}  // namespace

std::string_view to_text(CoreKind kind) {
  switch (kind) {
    case CoreKind::uniform: return "uniform";
    case CoreKind::performance: return "performance";
    case CoreKind::efficiency: return "efficiency";
  }
  return "unknown";
}

std::size_t Topology::n_pus() const {
  std::size_t count = 0;
  for (const Core& core : cores) count += core.pus.size();
  return count;
}

bool Topology::is_hybrid() const {
  return std::any_of(cores.begin(), cores.end(),
                     [](const Core& core) { return core.kind != CoreKind::uniform; });
}

std::vector<const Core*> Topology::cores_of(CoreKind kind) const {
  std::vector<const Core*> found;
  for (const Core& core : cores)
    if (core.kind == kind) found.push_back(&core);
  return found;
}

const Core* Topology::core_of_pu(int pu) const {
  for (const Core& core : cores)
    if (std::find(core.pus.begin(), core.pus.end(), pu) != core.pus.end()) return &core;
  return nullptr;
}

std::string to_text(const Topology& topology) {
  std::ostringstream text;
  const auto plural = [](std::size_t n) { return n == 1 ? "" : "s"; };
  text << topology.cores.size() << " core" << plural(topology.cores.size());
  if (topology.is_hybrid())
    text << " (" << topology.cores_of(CoreKind::performance).size() << " performance, "
         << topology.cores_of(CoreKind::efficiency).size() << " efficiency)";
  text << ", " << topology.n_pus() << " hardware thread" << plural(topology.n_pus()) << ", "
       << topology.numa_nodes.size() << " NUMA node" << plural(topology.numa_nodes.size());
  return text.str();
}

Result<Topology> read_topology() {
  const HwlocTopology topology = make_topology();
  // Without sysfs hwloc's Linux component prints to stderr; its fallback, the number of processors,
  // is available without it too.
  const bool has_sysfs = access("/sys/devices/system/cpu", R_OK) == 0;
  const auto leave_out = [&](const char* component) {
    return hwloc_topology_set_components(topology.get(), HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
                                         component) == 0;
  };
  // The x86 component visits every CPU to run cpuid there, which a boot cannot afford; Linux has
  // the same in sysfs.
  if (topology == nullptr || !leave_out("x86") || (!has_sysfs && !leave_out("linux")) ||
      hwloc_topology_load(topology.get()) != 0)
    return Error(HalError::absent,
                 "processor topology: hwloc cannot read this machine; check that /sys is mounted");
  Topology out = convert(topology.get());
  if (out.cores.empty())
    return Error(HalError::absent,
                 "processor topology: hwloc finds no core; check that /sys is mounted");
  if (!has_sysfs)
    out.missing =
        "/sys/devices/system/cpu cannot be read: caches, kinds of cores and memory nodes "
        "are unknown, and every processor counts as a core";
  return out;
}

Result<Topology> read_topology_from_xml(std::string_view xml) {
  const HwlocTopology topology = make_topology();
  const std::string text(xml);  // hwloc counts the terminating zero
  if (topology == nullptr ||
      hwloc_topology_set_xmlbuffer(topology.get(), text.c_str(),
                                   static_cast<int>(text.size() + 1)) != 0 ||
      hwloc_topology_load(topology.get()) != 0)
    return Error(HalError::bad_file,
                 "topology XML: not an hwloc export; write one with `lstopo --of xml FILE`");
  Topology out = convert(topology.get());
  if (out.cores.empty()) return Error(HalError::bad_file, "topology XML: holds no processor core");
  return out;
}

Result<Topology> read_topology_from_xml_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return Error(HalError::bad_file, path + ": no such file; name an hwloc XML export");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return Error(HalError::bad_file, path + ": cannot be read");
  auto topology = read_topology_from_xml(text.str());
  if (!topology) return std::move(topology).error().within(path);
  return topology;
}

}  // namespace blue::hal
