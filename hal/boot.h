// The boot of the machine in six phases: look, reserve, shape, open and measure the tiers, hand
// over. It never fails for lack of privilege: what is refused becomes an item of the report, with
// the remedy.
// Depends on the rest of hal. Threads: boot() and the BootedMachine's death on one thread, the one
// that starts the actors.
// Lifetime: a BootedMachine outlives the actors; its death undoes what was changed on the machine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log_sink.h"
#include "base/result.h"
#include "hal/boot_report.h"
#include "hal/cpu_features.h"
#include "hal/cpu_tuning.h"
#include "hal/device.h"
#include "hal/file_reader.h"
#include "hal/host_memory.h"
#include "hal/machine_measure.h"
#include "hal/memory_info.h"
#include "hal/pci.h"
#include "hal/topology.h"

namespace blue::hal {

struct BootRequest {
  /// What the caller's backends found, the CPU among them; hal has no GPU SDK to look for itself.
  std::vector<DeviceInfo> devices;
  /// Notes of the backends besides ("cuda: absent, built without it").
  std::vector<BootItem> device_notes;
  Bytes memory_budget;  ///< for tier 1; 0 takes three quarters of what is available
  Bytes page_locked;    ///< for the copy buffers, out of that budget; 0 asks for none
  TuningRequest tuning;
  Nanoseconds measure_budget_ns = 20'000'000;  ///< for all of phase 5; 0 measures nothing
  std::string disk_path;  ///< a file to measure tier 2 with, or a folder; empty where there is none
  /// of a file made to measure in a folder, on top of the time budget; 0 makes none
  Bytes scratch_size;
  unsigned queue_depth = 64;  ///< reads under way per file reader
  SystemRoots roots;          ///< of sysfs and procfs for everything but the topology
};

/// The measured limits; nothing where not measured.
struct MeasuredMachine {
  std::optional<MeasuredRate> memory_copy;
  std::optional<MeasuredRate> memory_read;
  std::optional<MeasuredCompute> compute;
  std::optional<MeasuredDisk> disk;
};

enum class ReaderKind : std::uint8_t { io_uring, pread };

class BootedMachine {
 public:
  BootedMachine(BootedMachine&&) noexcept;
  BootedMachine& operator=(BootedMachine&&) = delete;
  ~BootedMachine();

  [[nodiscard]] const Topology& topology() const;
  [[nodiscard]] const CpuFeatures& features() const;
  [[nodiscard]] const PciView& pci() const;
  [[nodiscard]] const MemoryInfo& memory() const;
  [[nodiscard]] const MeasuredMachine& measured() const;

  /// The budget of tier 1; stays where it is when the machine is moved.
  [[nodiscard]] MemoryBudget& budget();
  /// The buffer of BootRequest::page_locked, once; empty where none was asked for or had. It must
  /// die before the machine.
  [[nodiscard]] HostBuffer take_copy_buffer();

  /// Which reader works here, and another of it for the calling thread.
  [[nodiscard]] ReaderKind reader_kind() const;
  [[nodiscard]] Result<std::unique_ptr<FileReader>> open_reader() const;

  /// Phases 1 to 5 as they went; the caller adds phase 6.
  [[nodiscard]] BootReport& report();
  [[nodiscard]] const BootReport& report() const;

 private:
  friend class BootSequence;
  struct State;
  explicit BootedMachine(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Phases 1 to 4 take under 50 ms; phase 5 takes about BootRequest::measure_budget_ns.
/// Errors: absent when the machine shows no processor or no memory.
Result<BootedMachine> boot(const BootRequest& request, LogSink& log);

}  // namespace blue::hal
