#include "hal/boot.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "hal/cpu_features.h"
#include "hal/cpu_tuning.h"
#include "hal/machine_measure.h"
#include "hal/memory_info.h"
#include "hal/pci.h"
#include "hal/reader_choice.h"

namespace blue::hal {

/// Members die from last to first: the tuning first of all.
struct BootedMachine::State {
  Topology topology;
  std::unique_ptr<MemoryBudget> budget;
  bool has_io_uring = false;
  unsigned queue_depth = 1;
  BootReport report;
  std::optional<RaisedPriority> priority;
};

/// The phases, in order, over the state they fill.
class BootSequence {
 public:
  BootSequence(const BootRequest& request, LogSink& log) : request_(request), log_(log) {}

  Result<BootedMachine> run() {
    state_->queue_depth = request_.queue_depth;
    BLUE_TRY(timed(BootStep::cpu_and_memory, &BootSequence::look_at_cpu_and_memory));
    BLUE_TRY(timed(BootStep::pcie_and_devices, &BootSequence::look_at_devices));
    BLUE_TRY(timed(BootStep::memory_reservation, &BootSequence::reserve_memory));
    BLUE_TRY(timed(BootStep::cpu_tuning, &BootSequence::tune_cpu));
    BLUE_TRY(timed(BootStep::tiers, &BootSequence::open_tiers));
    return BootedMachine(std::move(state_));
  }

 private:
  using Items = std::vector<BootItem>;

  Status timed(BootStep step, Status (BootSequence::*run_phase)(Items&)) {
    BootPhase& phase = state_->report.phase(step);
    const Nanoseconds start = monotonic_now_ns();
    Status status = (this->*run_phase)(phase.items);
    phase.took_ns = monotonic_now_ns() - start;
    return status;
  }

  Status look_at_cpu_and_memory(Items& items);
  Status look_at_devices(Items& items);
  Status reserve_memory(Items& items);
  Status tune_cpu(Items& items);
  Status open_tiers(Items& items);

  BootItem describe_gpu(const PciDevice& gpu) const;
  void look_at_pcie(Items& items);
  BootItem describe_page_lock() const;
  BootItem describe_huge_pages() const;
  BootItem choose_reader();
  void measure_memory_and_compute(Items& items, Nanoseconds each_ns);
  BootItem measure_disk(Nanoseconds budget_ns);

  const BootRequest& request_;
  LogSink& log_;
  CpuFeatures features_;
  MemoryInfo memory_;
  std::unique_ptr<BootedMachine::State> state_ = std::make_unique<BootedMachine::State>();
};

namespace {

std::string figure(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// All last-level caches together.
Bytes last_level_cache(const Topology& topology) {
  Bytes total;
  int last_group = -1;
  for (const Core& core : topology.cores) {
    if (core.l3_group == last_group) continue;
    last_group = core.l3_group;
    total += core.l3_size;
  }
  return total;
}

}  // namespace

Status BootSequence::look_at_cpu_and_memory(Items& items) {
  BLUE_TRY_ASSIGN(state_->topology, read_topology());
  BLUE_TRY_ASSIGN(memory_, read_memory_info(request_.roots));
  features_ = detect_cpu_features();
  const Topology& topology = state_->topology;
  const std::string name = topology.cpu_name.empty() ? "processor" : topology.cpu_name;
  items.push_back({"processor", Outcome::granted,
                   name + ": " + to_text(topology) + (features_.is_virtual ? ", virtual" : ""),
                   ""});
  if (topology.is_hybrid())
    items.push_back({"core kinds", Outcome::granted,
                     "performance cores for stages, efficiency cores for preparation", ""});
  else
    items.push_back({"core kinds", Outcome::absent, "the machine tells of one kind of core", ""});
  const bool has_kernels = features_.supports_avx2_kernels();
  items.push_back({"instruction sets", has_kernels ? Outcome::granted : Outcome::absent,
                   to_text(features_),
                   has_kernels ? ""
                               : "the scalar reference kernels run here, slowly; a processor with "
                                 "AVX2 and FMA is meant"});
  const MemoryInfo& memory = memory_;
  items.push_back({"memory", Outcome::granted, to_text(memory), ""});
  if (!topology.missing.empty())
    items.push_back({"processor figures", Outcome::absent, topology.missing, "mount /sys"});
  if (!memory.missing.empty())
    items.push_back({"memory figures", Outcome::absent, memory.missing, "mount /proc"});
  return {};
}

BootItem BootSequence::describe_gpu(const PciDevice& gpu) const {
  char id[16];
  std::snprintf(id, sizeof id, "%04x:%04x", gpu.vendor, gpu.device);
  const std::string detail = std::string(id) + ", " + std::string(to_text(gpu.place)) + " (" +
                             gpu.place_reason + "), link " + to_text(gpu.link_current) +
                             " now, at most " + to_text(gpu.link_max);
  const bool is_driven =
      std::any_of(request_.devices.begin(), request_.devices.end(),
                  [&](const DeviceInfo& device) { return device.pci_address == gpu.address; });
  if (is_driven) return {"gpu " + gpu.address, Outcome::granted, detail, ""};
  constexpr std::uint32_t kNvidia = 0x10de;
  return {"gpu " + gpu.address, Outcome::absent, "no backend of this program drives it: " + detail,
          gpu.vendor == kNvidia ? "install NVIDIA's driver, and build where nvcc is found" : ""};
}

Status BootSequence::look_at_devices(Items& items) {
  for (const DeviceInfo& device : request_.devices) {
    items.push_back({"device " + device.name, Outcome::granted,
                     device.description + ", " + to_text(device.memory_free) + " free of " +
                         to_text(device.memory_total),
                     ""});
  }
  items.insert(items.end(), request_.device_notes.begin(), request_.device_notes.end());
  if (request_.survey)
    look_at_pcie(items);
  else
    items.push_back({"PCIe", Outcome::skipped, "a run does not need it", "run `blue doctor`"});
  return {};
}

void BootSequence::look_at_pcie(Items& items) {
  const Hosting hosting = features_.is_virtual ? Hosting::virtual_machine : Hosting::physical;
  const PciView pci = read_pci_view(request_.roots, hosting);
  for (const PciDevice& gpu : pci.gpus) items.push_back(describe_gpu(gpu));
  const bool has_gpu = std::ranges::any_of(
      request_.devices, [](const DeviceInfo& device) { return device.kind != DeviceKind::cpu; });
  if (!has_gpu && pci.gpus.empty())
    items.push_back(
        {"gpu", Outcome::absent, "no GPU on PCIe", "the CPU backend runs everything, more slowly"});
  for (const PciDevice& drive : pci.drives) {
    const std::string name =
        drive.block_devices.empty() ? drive.address : drive.block_devices.front();
    items.push_back({"drive " + name, Outcome::granted,
                     "NVMe at " + drive.address + ", " + std::string(to_text(drive.place)) + " (" +
                         drive.place_reason + "), link " + to_text(drive.link_current) +
                         " now, at most " + to_text(drive.link_max),
                     ""});
  }
  if (pci.drives.empty())
    items.push_back(
        {"nvme", Outcome::absent, "no NVMe drive on PCIe; other disks are read all the same", ""});
}

BootItem BootSequence::describe_page_lock() const {
  if (!memory_.page_lock_limit)
    return {"page lock limit", Outcome::granted, "unlimited for this process", ""};
  return {"page lock limit", Outcome::granted, to_text(*memory_.page_lock_limit) + " (ulimit -l)",
          ""};
}

BootItem BootSequence::describe_huge_pages() const {
  // Arenas ask for transparent ones; pages reserved with vm.nr_hugepages are not used.
  if (memory_.transparent_huge == TransparentHuge::always ||
      memory_.transparent_huge == TransparentHuge::on_request)
    return {"huge pages", Outcome::granted, "transparent ones, asked for by the arenas", ""};
  return {"huge pages", Outcome::absent, "transparent ones are off",
          "write madvise to /sys/kernel/mm/transparent_hugepage/enabled as root"};
}

Status BootSequence::reserve_memory(Items& items) {
  const Bytes available = memory_.available;
  const bool is_asked = request_.memory_budget.count > 0;
  const Bytes wanted = is_asked ? request_.memory_budget : Bytes{available.count / 4 * 3};
  // A budget beyond what is there would be kept by swapping, or by the kernel's killer.
  const Bytes limit = std::min(wanted, available);
  state_->budget = std::make_unique<MemoryBudget>("host memory", limit);
  const std::string detail = to_text(limit) + " of " + to_text(available) + " available";
  if (limit < wanted)
    items.push_back({"memory budget", Outcome::denied,
                     detail + ", " + to_text(wanted) + " asked for",
                     "free memory, or ask for less"});
  else
    items.push_back({"memory budget", Outcome::granted, detail, ""});
  items.push_back(describe_page_lock());
  items.push_back(describe_huge_pages());
  return {};
}

Status BootSequence::tune_cpu(Items& items) {
  items.push_back(try_pinning(state_->topology));
  state_->priority.emplace(RaisedPriority::ask(request_.niceness, items));
  items.push_back(describe_governor(request_.roots));
  return {};
}

BootItem BootSequence::choose_reader() {
  const auto uring = open_uring_reader(request_.queue_depth, FileAccess::direct_unless_cached);
  if (uring) {
    state_->has_io_uring = true;
    return {"file reader", Outcome::granted,
            "io_uring, " + std::to_string(request_.queue_depth) + " reads under way", ""};
  }
  log_.write_once(LogLevel::info, "files are read with pread: " + uring.error().message());
  BootItem item = item_of("file reader", uring.error());
  item.detail += "; pread is used";
  return item;
}

void BootSequence::measure_memory_and_compute(Items& items, Nanoseconds each_ns) {
  const std::size_t n_performance = state_->topology.cores_of(CoreKind::performance).size();
  const std::size_t n_threads = n_performance > 0 ? n_performance : state_->topology.cores.size();
  const MeasureRequest request{each_ns, static_cast<unsigned>(n_threads)};
  const Bytes cache = last_level_cache(state_->topology);
  const auto add = [&](const char* name, const Result<MeasuredRate>& rate) {
    if (!rate) return items.push_back(item_of(name, rate.error()));
    items.push_back(
        {name, Outcome::granted,
         figure("%.2f GB/s", rate->gb_per_s()) + " with " + std::to_string(rate->n_threads) +
             (rate->n_threads == 1 ? " thread over " : " threads over ") +
             to_text(rate->working_set) +
             (rate->working_set < cache * 2 ? ", partly out of the last-level cache" : ""),
         ""});
  };
  add("memory copy", measure_memory_copy(request));
  add("memory read", measure_memory_read(request));
  const MeasuredCompute compute = measure_compute(each_ns);
  items.push_back(
      {"compute", Outcome::granted,
       figure("%.1f GFLOP/s", compute.gflop_per_s) + " on one core with " + compute.instruction_set,
       ""});
}

BootItem BootSequence::measure_disk(Nanoseconds budget_ns) {
  if (request_.survey->disk_path.empty())
    return {"disk read", Outcome::skipped, "no file named to measure with", "name a model file"};
  std::string path = request_.survey->disk_path;
  std::optional<ScratchFile> scratch;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    if (request_.survey->scratch_size.count == 0)
      return {"disk read", Outcome::skipped,
              path + " is a folder, and writing a file to measure takes long",
              "run `blue doctor`, which makes one, or name a model file"};
    auto made = ScratchFile::create(path, request_.survey->scratch_size);
    if (!made) return item_of("disk read", made.error());
    path = scratch.emplace(std::move(made).value()).path();
  }
  const auto reader =
      state_->has_io_uring ? open_uring_reader(request_.queue_depth) : open_pread_reader();
  if (!reader) return item_of("disk read", reader.error());
  const auto disk = measure_disk_read(**reader, path, budget_ns);
  if (!disk) return item_of("disk read", disk.error());
  return {"disk read", Outcome::granted,
          figure("%.2f GB/s", disk->rate.gb_per_s()) + " of " + request_.survey->disk_path +
              (disk->is_direct ? ", past the page cache"
                               : ", through the page cache: perhaps the cache's own rate"),
          ""};
}

Status BootSequence::open_tiers(Items& items) {
  items.push_back(choose_reader());
  if (!request_.survey || request_.survey->measure_ns <= 0) {
    items.push_back({"rates", Outcome::skipped, "not asked for", "run `blue doctor`"});
    return {};
  }
  const Nanoseconds each_ns = request_.survey->measure_ns / 4;
  measure_memory_and_compute(items, each_ns);
  items.push_back(measure_disk(each_ns));
  return {};
}

BootedMachine::BootedMachine(std::unique_ptr<State> state) : state_(std::move(state)) {}
BootedMachine::BootedMachine(BootedMachine&&) noexcept = default;
BootedMachine::~BootedMachine() = default;

const Topology& BootedMachine::topology() const { return state_->topology; }
MemoryBudget& BootedMachine::budget() { return *state_->budget; }
BootReport& BootedMachine::report() { return state_->report; }
void BootedMachine::end_caller_tuning() { state_->priority.reset(); }

Result<std::unique_ptr<FileReader>> BootedMachine::open_reader() const {
  if (!state_->has_io_uring) return open_pread_reader();
  return open_uring_reader(state_->queue_depth, FileAccess::direct_unless_cached);
}

Result<BootedMachine> boot(const BootRequest& request, LogSink& log) {
  return BootSequence(request, log).run();
}

}  // namespace blue::hal
